"""What is said of a button when the mouse rests on it: what it does, in a sentence, and its key. No tkinter.

One table, looked up by what the button says just now and where it stands, so that a tip is true whenever the button is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gui.keys import shown


class _Tip(NamedTuple):
    """``says`` is a regular expression for the words of a button within the part of the window called ``part``."""

    part: str
    says: str
    sentence: str
    key: str = ""


_ANYWHERE = ""
_TIPS = (
    _Tip("AddressBar", "^Start server", "Listen at this host and port", shown("toggle_server")),
    _Tip("AddressBar", "^Stop server", "Stop the server here and close its connections",
         shown("toggle_server")),
    _Tip("AddressBar", "^Stop tap", "Stop the tap here and close its connections", shown("toggle_server")),
    _Tip("AddressBar", "^Connect", "Connect a client to this host and port", shown("toggle_client")),
    _Tip("AddressBar", "^Cancel", "Give up connecting to this host and port", shown("toggle_client")),
    _Tip("AddressBar", "^Disconnect", "End the client's connection to this host and port (FIN)",
         shown("toggle_client")),
    _Tip("AddressBar", "^TLS on", "What is started or connected here next speaks TLS; press for none",
         shown("toggle_tls")),
    _Tip("AddressBar", "^TLS off", "What is started or connected here next speaks no TLS; press for TLS",
         shown("toggle_tls")),
    _Tip("Composer", "^Send", "Send the message; with Ctrl it stays in the field", "Enter"),
    _Tip("Composer", "^Back to", "Write the message as text, and add nothing to it"),
    _Tip("Composer", "^As ", "How the message is written, and what is added to it", shown("message_options")),
    _Tip("Composer", "^Macros", "Counters, times, lengths and checksums, worked out for each message",
         shown("macros")),
    _Tip("Composer", "^All bytes", "Show all bytes that will go out, or the first ones again", "Enter"),
    _Tip("Composer", "^One message", "Send the lines together, as they stand", "Enter"),
    _Tip("Composer", "^One per line", "Send each line as a message of its own", "Enter"),
    _Tip("Composer", "^End with", "Send the LF that was missing, and end each message here with LF", "Enter"),
    _Tip("Composer", "^Not again", "Say so in no conversation any more; the settings can have it said again", "Enter"),
    _Tip("OnlyBar", "^Show all", "Show all connections of this server again"),
    _Tip("Recipients", "", "Choose who gets the message", "Down"),
    _Tip("FilterBar", "^Clear", "Show all connections and both directions again"),
    _Tip("FilterBar", "✕", "Close the filter and show everything", "Escape"),
    _Tip("FilterBar", "", "Choose which connections are shown", "Down"),
    _Tip("FindBar", "^Previous|↑", "Go to the place found before", shown("find_previous")),
    _Tip("FindBar", "^Next|↓", "Go to the next place found", shown("find_next")),
    _Tip("FindBar", "^Stop", "Stop searching; what was found stays"),
    _Tip("FindBar", "✕", "Close the find bar", "Escape"),
    _Tip("GoBar", "^Go", "Go to that message or time", "Enter"),
    _Tip("GoBar", "✕", "Close this bar", "Escape"),
    _Tip("LensBar", "✕", "Close this bar; messages stay told apart like this", "Escape"),
    _Tip("SocketOptionsBar", "^As usual", "Set all socket options of this session as they usually are"),
    _Tip("SocketOptionsBar", "✕", "Close the socket options", "Escape"),
    _Tip("FaultsBar", "✕", "Close the faults; those that are on stay on", "Escape"),
    _Tip("HoldBar", "^Forward", "Let the first message that waits go on"),
    _Tip("HoldBar", "^Edit", "Put the first message that waits into the message field, to be changed and sent on"),
    _Tip("HoldBar", "^Leave", "Edit it no more; it goes on waiting"),
    _Tip("HoldBar", "^Drop", "Have the first message that waits go nowhere"),
    _Tip("HoldBar", "^Let", "Let all messages go on that wait"),
    _Tip("HoldBar", "✕", "Close this bar; what is held stays held", "Escape"),
    _Tip("ConversationPane", "↓", "Go to the newest message", "End"),
    _Tip("Inspector", "^Copy", "Copy the bytes that are selected, or all of the message"),
    _Tip("Inspector", "^Save", "Save the bytes of the message to a file"),
    _Tip("Inspector", "^Socket", "Show the socket options, which move the borders of these calls",
         shown("toggle_socket_options")),
    _Tip("Inspector", "^Close", "Close the inspector", shown("toggle_inspector")),
    _Tip("SequencePane", "^Save", "Write the diagram into a file, as a picture (SVG)"),
    _Tip("SequencePane", "^Close", "Close the sequence diagram", shown("toggle_sequence")),
    _Tip("FiguresPane", "^Save", "Write the numbers into a file (CSV)"),
    _Tip("FiguresPane", "^Close", "Close the figures", shown("toggle_figures")),
    _Tip("SocketCallsPane", "^Close", "Close the socket calls", shown("toggle_socket_calls")),
    _Tip("SocketStatePane", "^Close", "Close the state of the socket", shown("toggle_socket_state")),
    _Tip("StatusBar", "▲", "Other machines can reach a server here: show the addresses that they can use"),
    _Tip("SavedPane", "^Close", "Close the saved messages", shown("toggle_saved")),
    _Tip("SavedPane", "^Save", "Save the message in the field", shown("save_message")),
    _Tip("SavedPane", "^Import", "Add the saved messages of a file"),
    _Tip("SavedPane", "^Export", "Write the saved messages to a file"),
    _Tip("SavedPane", "^Edit", "Put this message into the field", "F2"),
    _Tip("SavedPane", "^Update", "Replace this message by the one in the field"),
    _Tip("SavedPane", "^Rename", "Give this message another name", "Shift+F2"),
    _Tip("SavedPane", "^Delete", "Delete this message", "Delete"),
    _Tip("SavedPane", "^Undo", "Take back what was deleted", "Ctrl+Z"),
    _Tip("SavedPane", "^Send", "Send this message", "Enter"),
    _Tip("RulesPane", "^Close", "Close the rules", shown("toggle_rules")),
    _Tip("RulesPane", "^Use for this", "Have the server on view answer by these rules"),
    _Tip("RulesPane", "^Use for the next", "Have servers that are started from now on answer by these rules"),
    _Tip("RulesPane", "^In use", "The server on view answers by these rules; a change reaches it at once"),
    _Tip("RulesPane", "^Import", "Add the rules of a file, or the responses of Packet Sender's settings"),
    _Tip("RulesPane", "^Export", "Write these rules to a file"),
    _Tip("RulesPane", "^Add", "Add a rule behind the chosen one", "Insert"),
    _Tip("RulesPane", "^Copy", "Add a copy of the chosen rule behind it"),
    _Tip("RulesPane", "^Delete", "Take the chosen rule out", "Delete"),
    _Tip("RulesPane", "^Up", "Have the chosen rule asked earlier", "Alt+Up"),
    _Tip("RulesPane", "^Down", "Have the chosen rule asked later", "Alt+Down"),
    _Tip("RulesPane", "^On or off", "Leave the chosen rule out, or ask it again", "Space"),
    _Tip("RulesPane", "^Undo", "Take back the last change of the rules", "Ctrl+Z"),
    _Tip("RulesPane", "^Try", "Show which rule answers this message, and with which bytes; nothing is sent", "Enter"),
    _Tip("RulesPane", "^The chosen", "Try the message that is chosen in the conversation; nothing is sent"),
    _Tip("LessonsPane", "^Close", "Close the lessons; how far you are is kept", "Escape"),
    _Tip("LessonsPane", "^Begin again", "Begin this lesson from its first step"),
    _Tip("LessonsPane", "^Skip this step", "Go on with the next step of the lesson"),
    _Tip("LessonsPane", "^Copy the code", "Copy this code, with the port of your server"),
    _Tip("LessonsPane", "^All lessons", "Show the list of lessons"),
    _Tip("TaskStrip", "^Stop and delete", "Stop this task and delete the file that it has written"),
    _Tip("TaskStrip", "^Stop", "Stop this task; a file that it has written stays"),
    _Tip("TaskStrip", "^Cancel", "Cancel this task"),
    _Tip("TaskStrip", "✕", "Take this line away", "Escape"),
    _Tip("TaskStrip", "^Table", "Show each step with its answer, its time, and whether that was as wished"),
    _Tip("TaskStrip", "^Compare", "Show what came beside what was recorded"),
    _Tip("StepsTable", "^Next difference", "Go to the next step that is different", "F3"),
    _Tip("StepsTable", "^Next failure", "Go to the next step that is not as wished", "F3"),
    _Tip("StepsTable", "^Cop", "Copy the table, for a spreadsheet"),
    _Tip("StepList", "^Save", "Write the list to a file, which the terminal program test plays"),
    _Tip("StepList", "^Up", "Move this message up", "Alt+Up"),
    _Tip("StepList", "^Down", "Move this message down", "Alt+Down"),
    _Tip("StepList", "^Remove", "Take this message out of the list", "Delete"),
    _Tip("ExportDialog", "^Export", "Write the conversation to the file", "Enter"),
    _Tip("RepeatDialog", "^Start|^Repeat", "Begin to send", "Enter"),
    _Tip("SendFileDialog", "^Send", "Send the file", "Enter"),
    _Tip("HandlerDialog", "^Use", "Have this file answer from now on", "Enter"),
    _Tip("HandlerDialog", "^New", "Write a file to begin with, and open it in an editor"),
    _Tip("ReplyDialog", "^Use", "Have this answer from now on", "Enter"),
    _Tip("SaveProfileDialog", "^Save", "Save the format and how this is read under the name", "Enter"),
    _Tip("ProfilesDialog", "^Rename", "Give the chosen profile the name in the field", "Enter"),
    _Tip("ProfilesDialog", "^Remove", "Remove the chosen profile", "Delete"),
    _Tip("ProfilesDialog", "^Undo", "Take back the last change of the profiles"),
    _Tip("ProfilesDialog", "^Import", "Add the profiles of a file"),
    _Tip("ProfilesDialog", "^Export", "Write the profiles to a file"),
    _Tip("ReplayDialog", "^Start", "Read the conversation, then have this side of it again", "Enter"),
    _Tip("StepsDialog", "^Start", "Play the steps", "Enter"),
    _Tip("TapDialog", "^Start", "Stand between callers and the target", "Enter"),
    _Tip("KeepDialog", "^Save", "Save what was received to the file", "Enter"),
    _Tip("NetworkPage", "^Cop", "Copy this address"),
    _Tip("ReportPage", "^Cop", "Copy the report", "Enter"),
    _Tip("ReportPage", "^Open", "Show the folder of the log in the file program"),
    _Tip("AboutPage", "^Cop", "Copy the versions and folders", "Enter"),
    _Tip("Banner", "^Open the log|^Open log", "Show the log of faults in a text program"),
    _Tip("Banner", "^Report", "Show a report with the versions and the last faults, to be copied"),
    _Tip("Banner", "^Open the folder", "Show the folder in the file program"),
    _Tip("Banner", "^Open it", "Show what was recorded"),
    _Tip("Banner", "^Go on", "Read on where two programs answer each other; they are not stopped again for that"),
    _Tip("Banner", "^Settings", "Open the settings", shown("show_settings")),
    _Tip("Banner", "^Send a file", "Choose a file and send it", shown("send_file")),
    _Tip("Banner", "^Quit", "Close all connections and end the program", "Enter"),
    _Tip("Banner", "^Read", "Read what can be read into a journal beside the damaged one"),
    _Tip("Banner", "^Cancel", "Give this up", "Escape"),
    _Tip("Banner", "^Stay", "Go on as before", "Escape"),
    _Tip("Banner", "^Close|^Not now", "Take this line away", "Escape"),
    _Tip("TlsPage", "^Revoke", "Trust this certificate there no longer", "Enter"),
    _Tip(_ANYWHERE, "^Usual: ", "Put the usual value here"),
    _Tip(_ANYWHERE, "^Choose", "Choose a file in the system's own dialog"),
    _Tip(_ANYWHERE, "^Open.* folder", "Show the folder in the file program"),
    _Tip(_ANYWHERE, "^Replace", "Replace the file that is there", "Enter"),
    _Tip(_ANYWHERE, "^Cancel", "Stop, and leave the file out", "Escape"),
    _Tip(_ANYWHERE, "^Skip", "Go on with the next step of the tour"),
    _Tip(_ANYWHERE, "^End the tour|^Done", "End the tour", "Escape"),
    _Tip(_ANYWHERE, "^Close", "Close this window", "Escape"),
)  # fmt: skip


def tip_of(words: str, parts: Sequence[str]) -> str:
    """The tip of a button that says ``words`` and stands in these parts of the window; empty if there is none."""
    for tip in _TIPS:
        if tip.part in (_ANYWHERE, *parts) and re.search(tip.says, words):
            return f"{tip.sentence}  ({tip.key})" if tip.key else tip.sentence
    return ""
