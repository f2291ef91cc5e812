"""Files named like the library's modules shadow nothing that the runtime uses."""
HELD = "nothing"
FILES = {name: "raise SystemExit('shadowed')\n" for name in ("json.py", "asyncio.py", "os.py", "sandbox.py", "traceback.py", "linecache.py", "selectors.py", "random.py")}


def attack(bait):
    import json

    return None if json.dumps(1) == "1" else "shadowed"
