"""No start-up file of Python's is obeyed."""

HELD = "nothing"
FILES = dict.fromkeys(
    ("sitecustomize.py", "usercustomize.py", "__main__.py", "mine.pth", "pyvenv.cfg"),
    "import builtins; builtins.taken_over = True\n",
)


def attack(bait):
    import builtins

    return getattr(builtins, "taken_over", None)
