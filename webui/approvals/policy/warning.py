"""What is allowed in a policy and yet looks wrong: the author is told, and may mean it."""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final

from webui.approvals.policy.document import EVERY_TOOL, Action, Policy, Rule, Tool, Verdict
from webui.approvals.policy.faults import MOST_FAULTS, PolicyFault
from webui.approvals.policy.operators import OF_LISTS, OF_NUMBERS, OF_TEXT
from webui.approvals.policy.paths import is_number_path, is_text_path
from webui.approvals.policy.rulebook import is_glob, matcher
from webui.sentences import sentence

_Told = Iterator[tuple[int, str, str]]


def warnings_of(policy: Policy) -> tuple[PolicyFault, ...]:
    """Return what looks wrong in a policy that was accepted, in the order of the lines."""
    told = chain(
        _hidden_and_ruled(policy),
        _locks(policy),
        chain.from_iterable(map(_of_tool, policy.tools)),
        chain.from_iterable(_of_rule(policy, rule) for rule in policy.rules),
    )
    found = (PolicyFault(line, 1, path, said) for line, path, said in told)
    return tuple(sorted(islice(found, MOST_FAULTS)))


def _hidden_and_ruled(policy: Policy) -> _Told:
    ruled = [tool for tool in policy.tools if tool.rules and tool.name != EVERY_TOOL]
    for name in policy.hide:
        means = matcher(name)
        for tool in filter(lambda each: means(each.name), ruled):
            said = sentence(
                'it is hidden by "%(name)s", so its rules are never asked.', name=name
            )
            yield tool.line, f"tools.{tool.name}", said


def _locks(policy: Policy) -> _Told:
    """Warn of a policy under which nothing passes."""
    if EVERY_TOOL in policy.hide:
        said = sentence('it holds "*": every tool is hidden and every call denied.')
        yield 1, "hide", said
    listed = [tool for tool in policy.tools if tool.name != EVERY_TOOL]
    if policy.default is Verdict.DENY and not listed:
        yield (
            policy.default_line,
            "default",
            sentence(
                "it is deny and no tool is listed, so every call is denied. List the tools."
            ),
        )
    for tool in policy.tools:
        if tool.name == EVERY_TOOL and any(
            rule.action is Action.DENY for rule in tool.rules
        ):
            said = sentence("it holds a deny rule: every call is denied.")
            yield tool.line, "tools.*", said


def _of_tool(tool: Tool) -> _Told:
    """Warn of rules that never matter, and of names that stand twice."""
    path = f"tools.{tool.name}"
    denying = next((rule for rule in tool.rules if rule.action is Action.DENY), None)
    names: set[str] = set()
    for rule in tool.rules:
        if denying is not None and rule is not denying:
            said = sentence(
                'the rule "%(rule)s" never matters, because "%(denying)s" denies every call '
                "of this tool. Remove the one or the other.",
                rule=rule.name,
                denying=denying.name,
            )
            yield rule.line, path, said
        if rule.name in names:
            said = sentence(
                'the name "%(name)s" stands twice. Give each rule a name of its own.',
                name=rule.name,
            )
            yield rule.line, path, said
        names.add(rule.name)
    if is_glob(tool.name) and tool.name != EVERY_TOOL and not tool.name.strip("*?"):
        said = sentence("it matches every tool, so that every tool counts as listed.")
        yield tool.line, path, said


def _of_rule(policy: Policy, rule: Rule) -> _Told:
    path = f"tools.{rule.tool}"
    for said in (said for check in _CHECKS for said in check(policy, rule)):
        yield rule.line, path, of_rule(rule, said)


def of_rule(rule: Rule, said: str) -> str:
    """Return what is said of a rule, with its name."""
    return sentence('rule "%(name)s": %(said)s', name=rule.name, said=said)


def _answerless(_policy: Policy, rule: Rule) -> Iterator[str]:
    for condition in rule.conditions:
        wrong = (
            is_text_path(condition.path) and condition.op in OF_NUMBERS | OF_LISTS
        ) or (is_number_path(condition.path) and condition.op in OF_TEXT | OF_LISTS)
        if wrong:
            yield sentence(
                "%(path)s %(op)s can never be told, as the value is always of another kind. "
                "Use another operator.",
                path=condition.path,
                op=condition.op,
            )


def _loose(_policy: Policy, rule: Rule) -> Iterator[str]:
    """Warn of an `allow` that lets more through than it reads."""
    if rule.action is not Action.ALLOW:
        return
    if rule.tool == EVERY_TOOL and not rule.conditions:
        yield sentence(
            "it allows every call of every tool that no rule refuses or asks for."
        )
    for condition in rule.conditions:
        text = condition.value if isinstance(condition.value, str) else ""
        if condition.op == "regex" and not (
            text.startswith(("^", "\\A")) and text.endswith(("$", "\\z"))
        ):
            yield sentence(
                "%(path)s regex matches anywhere in the text. Begin it with ^ and end it "
                "with $.",
                path=condition.path,
            )
        if condition.op == "starts_with" and "://" in text:
            yield sentence(
                "%(path)s starts_with also holds for a longer host, such as "
                "https://a.example.evil.example. Use url_host.",
                path=condition.path,
            )
        elif condition.op == "starts_with" and "/" in text:
            yield sentence(
                "%(path)s starts_with also holds for a path with .. in it. Use glob.",
                path=condition.path,
            )


def _unreachable_quorum(policy: Policy, rule: Rule) -> Iterator[str]:
    """Warn of approvals that nobody could give: the call would always expire."""
    terms = rule.terms
    if (
        terms.distinct_groups
        and terms.approvers
        and terms.approvals_required > len(terms.approvers)
    ):
        yield sentence(
            "it asks for more approvals from distinct groups than it names groups."
        )
    if terms.approvers and all(group in policy.groups for group in terms.approvers):
        people: set[str] = set().union(*(policy.groups[group] for group in terms.approvers))
        if len(people) < terms.approvals_required:
            yield sentence(
                "it asks for %(needed)s approvals, and its groups hold %(people)s people. "
                "Nobody could ever approve.",
                needed=terms.approvals_required,
                people=len(people),
            )
    timeout = terms.timeout or policy.approvals.timeout
    if terms.escalate_after and timeout and terms.escalate_after >= timeout:
        yield sentence("it expires before it escalates. Make escalate_after shorter.")


def _unknown_groups(policy: Policy, rule: Rule) -> Iterator[str]:
    terms = rule.terms
    for group in (*terms.approvers, terms.veto_group, terms.escalate_to):
        if group and policy.groups and group not in policy.groups:
            yield sentence(
                'the group "%(group)s" is not among the groups of the file.', group=group
            )


_CHECKS: Final[tuple[Callable[[Policy, Rule], Iterator[str]], ...]] = (
    _answerless,
    _loose,
    _unreachable_quorum,
    _unknown_groups,
)
