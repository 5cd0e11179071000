"""Source code that a tool would run: coloured by Pygments, and searched for what reaches out."""

import re
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers import shell, sql
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages.code_dangers import look_through
from webui.preview.renderers.languages.highlighting import marks_of
from webui.preview.renderers.marks import overlaid
from webui.preview.renderers.member_names import CODE, FILES
from webui.preview.renderers.rendering import Fact, Rendering
from webui.preview.renderers.sheets import listed
from webui.sentences import sentence

TOOLS: Final = (
    "*python*", "*javascript*", "*typescript*", "*node_*", "*execute_code*", "*run_code*", "*code_interpreter*", "*code_execution*", "*exec_code*",
    "*evaluate*", "*eval*", "*jupyter*", "*notebook*", "*run_js*", "*repl*", "*sandbox*", "*browser_evaluate*", "*powershell*", "*ruby*", "*php*",
)  # fmt: skip
_NAMES: Final = (*CODE, "source", "source_code", "program", "cell", "new_source", "python")
_SURE: Final = ("code", "source_code", "source")
_LANGUAGES: Final = ("language", "lang", "runtime", "kernel", "syntax", "cell_type")
_FILES: Final = (*FILES, "notebook_path")
_ALIASES: Final = {
    "python": "python", "python3": "python", "py": "python", "ipython": "python", "python2": "python", "javascript": "javascript", "js": "javascript",
    "node": "javascript", "nodejs": "javascript", "jsx": "javascript", "mjs": "javascript", "cjs": "javascript", "typescript": "typescript", "ts": "typescript",
    "tsx": "typescript", "deno": "typescript", "bash": "shell", "sh": "shell", "shell": "shell", "zsh": "shell", "sql": "sql", "postgresql": "sql", "mysql": "sql",
    "sqlite": "sql", "ruby": "ruby", "rb": "ruby", "php": "php", "go": "go", "golang": "go", "rust": "rust", "rs": "rust", "java": "java", "c": "c", "h": "c",
    "cpp": "cpp", "c++": "cpp", "csharp": "csharp", "c#": "csharp", "cs": "csharp", "powershell": "powershell", "pwsh": "powershell", "ps1": "powershell",
    "lua": "lua", "perl": "perl", "pl": "perl", "r": "r", "kotlin": "kotlin", "kt": "kotlin", "swift": "swift", "ipynb": "python",
}  # fmt: skip
_BY_TOOL: Final = (("python", "python"), ("jupyter", "python"), ("notebook", "python"), ("interpreter", "python"), ("javascript", "javascript"),
    ("typescript", "typescript"), ("browser", "javascript"), ("node", "javascript"), ("powershell", "powershell"), ("ruby", "ruby"), ("php", "php"), ("run_js", "javascript"))  # fmt: skip


def fits(arguments: Arguments) -> bool:
    """Say whether there is code and its language is named."""
    text = arguments.text(*_SURE)
    return text is not None and any(name in _LANGUAGES for name in arguments.names)


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return the code that would run; that of a shell or database is read as theirs."""
    text = arguments.text(*_NAMES)
    if text is None or not text.plain.strip():
        return None
    language = language_of(tool, arguments)
    if language == "shell":
        return shell.rendering_of(text)
    if language == "sql":
        return sql.rendering_of(text)
    named = arguments.text(*_LANGUAGES)
    found = Findings(text)
    reaches = look_through(text, language, found)
    shown = (Piece("text", language or sentence("not known")),)
    facts = [
        Fact(
            sentence("Language"),
            named.snippet(named.plain) if named is not None else shown,
        )
    ]
    if named is not None and language and named.plain.strip().lower() != language:
        facts.append(Fact(sentence("Read as"), text.snippet(language)))
    block = listed(text, overlaid(marks_of(text.plain, language), reaches))
    return Rendering(
        "code",
        sentence("Code"),
        tuple(facts),
        (block,),
        found.sentences(),
        alarms=found.alarms,
    )


def language_of(tool: str, arguments: Arguments) -> str:
    """Return the language by its name, the file's ending or the tool's name; never by its looks."""
    named = arguments.text(*_LANGUAGES)
    if named is not None:
        bare = re.sub(r"[-_ .]?[0-9.]+$", "", named.plain.strip().lower())
        return _ALIASES.get(bare, "")
    file = arguments.text(*_FILES)
    if file is not None and (known := _ALIASES.get(file.plain.rpartition(".")[2].lower())):
        return known
    folded = tool.casefold()
    return next((language for word, language in _BY_TOOL if word in folded), "")
