# Полигон. Two commands matter: `make run` and `make test`. Each does all of its own set-up.
PYTHON ?= python3

.PHONY: help run test bench check front clean
help:
	@echo "make run    — подготовить всё и открыть сайт (PORT=8000)"
	@echo "make test   — подготовить всё и пройти тесты (ARGS=... для pytest)"
	@echo "make bench  — измерить скорость и напечатать таблицы (ARGS=... для выбора)"
	@echo "make check  — только проверки кода: ruff, mypy, djlint"
	@echo "make clean  — убрать всё, что было построено"
run:
	@$(PYTHON) -m launch run
test:
	@$(PYTHON) -m launch test $(ARGS)
bench:
	@$(PYTHON) -m launch bench $(ARGS)
check:
	@$(PYTHON) -m launch check
front:
	@$(PYTHON) -m launch front
clean:
	@rm -rf .venv node_modules static/dist var .mypy_cache .ruff_cache .pytest_cache
