"""`python -m countersign_client ask|hook|permission-prompt`: the way to the desk, without the server."""

import sys


def run(argv: list[str]) -> int:
    """Run one of the verbs; only what it needs is imported."""
    if argv[:1] == ["hook"]:
        from countersign_client.hook import main as hook

        return hook(argv[1:])
    if argv[:1] == ["permission-prompt"]:
        from countersign_client.permission_prompt import main as permission_prompt

        permission_prompt()
        return 0
    from countersign_client.command import main as ask

    return ask(argv)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
