"""`ssl` in a jail: not there until asked for, whole once it is."""

from __future__ import annotations

from tests.sandbox.jail.conftest import Attack

# Keys without certificates: nobody is proven to be anybody, but every layer of TLS is gone through.
ANONYMOUS = """
def context(kind):
    made = ssl.SSLContext(kind)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    return made

async def echo(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()
"""


def test_a_fresh_jail_has_not_loaded_openssl(attack: Attack) -> None:
    told = attack(
        """
        import sys

        async def scenario(lab):
            lab.emit("seen", loaded=[name for name in ("ssl", "_ssl") if name in sys.modules])
        """
    )
    assert told.one("seen")["loaded"] == []


def test_asyncio_speaks_tls_once_ssl_is_imported(attack: Attack) -> None:
    told = attack(
        "import asyncio, ssl\n"
        + ANONYMOUS
        + """
async def scenario(lab):
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context(ssl.PROTOCOL_TLS_SERVER))
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context(ssl.PROTOCOL_TLS_CLIENT))
    writer.write(b"hello\\n")
    lab.emit("said", text=(await reader.readline()).decode(), cipher=writer.get_extra_info("cipher")[0])
    writer.close()
    server.close()
""",
        clock="real",
    )
    assert told.one("said")["text"] == "HELLO\n", told.raw
    assert told.one("said")["cipher"] == "AECDH-AES128-SHA"


def test_asyncio_is_not_given_a_learners_ssl(attack: Attack) -> None:
    told = attack(
        """
        from pathlib import Path
        Path("ssl.py").write_text("SSLWantReadError = SSLSyscallError = OSError")
        import asyncio, ssl, sys

        async def scenario(lab):
            held = asyncio.sslproto.ssl, asyncio.base_events.ssl, asyncio.selector_events.ssl
            lab.emit("seen", file=ssl.__file__, same=[one is ssl for one in held],
                     finders=[type(finder).__name__ for finder in sys.meta_path],
                     loader=type(ssl.__loader__).__name__, told=type(ssl.__spec__.loader).__name__)
        """
    )
    seen = told.one("seen")
    assert seen["file"].endswith("/python3.11/ssl.py"), told.raw
    assert seen["same"] == [True, True, True]
    assert "Finder" not in seen["finders"]
    assert (seen["loader"], seen["told"]) == ("SourceFileLoader", "SourceFileLoader")
