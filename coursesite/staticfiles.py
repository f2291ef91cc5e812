"""Static files with content hashes in their names, inside JavaScript imports too."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Rewrites `import` paths in modules, so every chunk may be cached for ever."""

    support_js_module_import_aggregation = True
    manifest_strict = True
