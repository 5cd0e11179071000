#!/usr/bin/python3
"""A window with WebKit in it and nothing else, for WebKitWebDriver to start.

MiniBrowser cannot be narrower than its tool bar, and keeps to itself what pages say to the console.
Runs by the system's Python, which has WebKit's bindings (python3-gi, gir1.2-webkit2-4.1).
"""

from typing import Any

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402 - the versions come first


def make_view(_session: Any, context: Any) -> Any:
    """Open a window, as the driver asks for one."""
    settings = WebKit2.Settings(enable_write_console_messages_to_stdout=True)
    view = WebKit2.WebView(
        web_context=context, settings=settings, is_controlled_by_automation=True
    )
    window = Gtk.Window(default_width=1280, default_height=900, decorated=False)
    window.add(view)
    view.connect("close", lambda _view: window.destroy())
    window.show_all()
    view.grab_focus()
    return view


def allow(context: Any, session: Any) -> None:
    """Let the driver in, and tell it what this is."""
    info = WebKit2.ApplicationInfo.new()
    info.set_name("WebKitGTK")
    info.set_version(
        WebKit2.get_major_version(),
        WebKit2.get_minor_version(),
        WebKit2.get_micro_version(),
    )
    session.set_application_info(info)
    session.connect("create-web-view", make_view, context)


def main() -> None:
    """Wait for the driver."""
    context = (
        WebKit2.WebContext()
    )  # one that keeps nothing would not tell what is written to the console
    context.set_automation_allowed(True)
    context.connect("automation-started", allow)
    Gtk.main()


if __name__ == "__main__":
    main()
