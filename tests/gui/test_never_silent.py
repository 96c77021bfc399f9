"""What a person asks for and cannot have is said, never passed over."""

from __future__ import annotations

from gui.app import App
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve, shown

IN_VAIN = {
    "export": "There is no conversation on view to export.",
    "clear_view": "There is no conversation on view to clear.",
    "next_session": "There is no other conversation to go to.",
    "previous_session": "There is no other conversation to go to.",
    "show_times": "No answer has been timed here yet.",
    "stop_task": "Nothing is being repeated, sent or saved just now.",
    "keep_received": "Nothing was received yet that could be saved",
    "close_row": "Nothing is on view",
    "abort_row": "Nothing is on view",
    "finish_row": "Nothing is on view",
    "copy_address": "Nothing is on view",
    "remove_row": "Nothing is on view",
    "save_message": "There is nothing in the field that could be saved",
}


def test_a_command_that_cannot_be_says_why(make_app: MakeApp) -> None:
    app = make_app()
    for command, why in IN_VAIN.items():
        assert said(app).strip() == ""

        app.main_controller.commands[command]()

        assert why.lower() in said(app).lower(), command
        for topic in list(app.window.banner.topics):
            app.window.banner.take_away(topic)


def said(app: App) -> str:
    return f"{app.window.banner.sentence} {app.window.composer.complaint}"


def test_enter_in_an_empty_field_says_that_it_is_empty_until_something_is_typed(make_app: MakeApp) -> None:
    app = make_app()
    field = app.window.composer.field
    field.focus_force()
    pump_until(lambda: field.focus_get() is field, app.root)

    field.event_generate("<Return>")
    assert app.window.composer.complaint == "There is no message in the field yet."

    field.event_generate("<Key-a>")
    app.root.update()
    assert app.window.composer.complaint == ""


def test_enter_in_the_address_of_a_client_that_runs_says_what_the_keys_do(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))

    app.main_controller.do_next()

    assert said(app).startswith("A client runs at this address already: F6 ends it, Shift+F6 connects one more.")


def test_a_copy_of_nothing_says_so_and_a_copied_address_too(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)

    app.window.conversation.transcript.text.event_generate("<<Copy>>")
    assert said(app).startswith("Nothing is selected to be copied")

    app.main_controller.commands["copy_address"]()
    assert said(app).startswith(f"127.0.0.1:{port} was copied.")
    assert app.root.clipboard_get() == f"127.0.0.1:{port}"
    assert "listening" in shown(app)
