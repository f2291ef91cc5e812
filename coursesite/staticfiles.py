"""Static files with content hashes in their names, inside JavaScript imports too."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import` paths in modules, so every chunk may be cached for ever."""

    support_js_module_import_aggregation = True
    manifest_strict = True

    def create_compressor(self, **options: Any) -> Compressor:
        """Gzip only: brotli at its best quality took a minute of everybody's first start."""
        return Compressor(**options, use_brotli=False)
