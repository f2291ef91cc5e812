"""An import that never ends fails every case at once."""
# told: импорт идёт слишком долго
# ruff: noqa
while True:
    pass
