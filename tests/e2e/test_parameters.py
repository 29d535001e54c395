"""Settings that change how values read must be the same on both sides after they have changed."""

import wire
from harness import contains, equal, on_postgresql_only

FUNCTION = ("CREATE FUNCTION zone() RETURNS int LANGUAGE plpgsql AS "
            "$$ BEGIN {} RETURN 1; END $$")


@on_postgresql_only
def test_a_setting_that_changes_on_one_side(env):
    env.on_postgresql(FUNCTION.format(""))
    env.on_yugabytedb(FUNCTION.format("PERFORM set_config('TimeZone', 'Asia/Tokyo', false);"))
    with env.capture({"comparison.on-mismatch": "error"}) as capture:
        with capture.wire() as client:
            (error,) = wire.errors(client.query("SELECT zone()"))
            contains(error["M"], "Setting mismatch: TimeZone is now ", "message")
            contains(error["M"], "Asia/Tokyo on YugabyteDB", "message")
            # It has been told; what stays different is not held against every exchange after.
            equal(wire.rows(client.query("SELECT 1")), [[b"1"]], "goes on")
        equal(capture.finish(status=1).kinds(), ["parameter-status"], "kinds")


@on_postgresql_only
def test_settings_that_change_alike(env):
    with env.capture() as capture:
        with capture.wire() as client:
            for sql in ("SET TimeZone = 'Asia/Tokyo'", "BEGIN; SET LOCAL DateStyle = German; COMMIT",
                        "SET client_encoding = 'LATIN1'", "RESET ALL", "DISCARD ALL"):
                equal(wire.errors(client.query(sql)), [], sql)
        capture.finish().check_clean(least=5)
