"""No start-up file of Python's is obeyed."""
HELD = "nothing"
FILES = {name: "import builtins; builtins.taken_over = True\n" for name in ("sitecustomize.py", "usercustomize.py", "__main__.py", "mine.pth", "pyvenv.cfg")}


def attack(bait):
    import builtins

    return getattr(builtins, "taken_over", None)
