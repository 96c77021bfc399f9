"""What a run of the window leaves in its folder holds no key but its own authority's, and no password."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.tls.test_secrets import PASSWORD, kept_in, leaks, secrets_of
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, say, shown
from tests.support.certificates import make


@pytest.mark.case("C-87")
def test_settings_profiles_journals_and_logs_have_no_password_and_no_key(make_app: MakeApp, tmp_path: Path) -> None:
    made, folder = make(), tmp_path / "app"
    (tmp_path / "own.p12").write_bytes(made.as_pkcs12(PASSWORD))
    app = make_app(folder)
    main = app.main_controller
    main.preferences = replace(main.preferences, tls=True, tls_certificate=str(tmp_path / "own.p12"), reply="echo")
    main.tls.use_password(PASSWORD)
    main.tls.key_log = folder / "keys.log"
    app.window.address.fill("localhost", "0")
    main.endpoints.serve()
    pump_until(lambda: "listening" in shown(app), app.root)
    main.profiles.open_save()
    main.endpoints.connect()
    pump_until(lambda: "signed by itself" in shown(app), app.root)
    main.endpoints.dial(main.sessions[max(main.sessions)].target, verify=False)
    pump_until(lambda: "not verified" in shown(app), app.root)
    say(app, "hello")
    pump_until(lambda: main.state is not None and main.state.bytes_in >= 5, app.root)
    main.preferences = replace(main.preferences, tls_certificate="")
    app.window.address.fill("localhost", "0")
    main.endpoints.serve()
    pump_until(lambda: sum(bool(each.addresses) for each in main.sessions.values()) == 2, app.root)
    app.leave()

    files = {name: data for name, data in kept_in(folder).items() if not name.startswith("authority")}
    assert {"settings.json", "keys.log"} <= set(files)
    assert any(name.endswith(".tincan") and b"hello" in data for name, data in files.items())
    assert leaks(files, secrets_of(made)) == []
    if sys.platform != "win32":
        own = [folder / name for name, data in kept_in(folder).items() if b"PRIVATE KEY" in data]
        assert [stat.S_IMODE(path.stat().st_mode) for path in own] == [0o600]
