"""The public API, `/api/v1/`. Thin: it checks shapes and calls `lessons.work`, as the pages do."""
