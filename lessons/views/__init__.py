"""The course's pages. They decide nothing: `lessons.catalog` and `lessons.work` do."""
