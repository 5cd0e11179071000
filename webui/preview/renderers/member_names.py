"""Names under which tools give the same thing, each in its own spelling."""

from typing import Final

FOLDERS: Final = ("cwd", "workdir", "working_directory", "workingDirectory", "working_dir")
"""The folder in which something is done."""
FILES: Final = (
    "file_path",
    "path",
    "filePath",
    "filepath",
    "filename",
    "file_name",
    "file",
)
FILE_LISTS: Final = ("paths", "files", "filePaths", "file_paths")
CODE: Final = ("code", "script", "function", "expression", "javascript", "pageFunction")
"""A program as a text, in whatever language."""
