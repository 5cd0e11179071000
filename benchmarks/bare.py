"""The reference for starting and idling: the least that Flask on gunicorn can be."""

from flask import Flask

app = Flask("bare")


@app.get("/")
def hello() -> str:
    """Say hello."""
    return "hello"
