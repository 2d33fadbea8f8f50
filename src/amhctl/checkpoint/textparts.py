"""Whether the vocabulary and the text state beside a checkpoint are its own; loads no torch."""

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.rules import RULES
from amhctl.core.findings import Finding


def check_vocabulary(manifest: Manifest, *, fingerprint: str, size: int, where: str) -> tuple[Finding, ...]:
    """Report a vocabulary that is not the checkpoint's, or that the model has no rows for."""
    found = []
    identity = manifest.vocabulary
    if identity is None:
        return (RULES.finding("C011", where, "the checkpoint names no vocabulary"),)
    hint = "use the checkpoint's own vocabulary.model, or grow it: amhctl vocab extend … --base-checkpoint"
    if identity.fingerprint != fingerprint:
        message = f"fingerprint {fingerprint[:16]}…, the checkpoint has {identity.fingerprint[:16]}…"
        found.append(RULES.finding("C011", where, message, hint))
    rows = manifest.config.get("number_text_tokens")
    if rows != size:
        found.append(RULES.finding("C011", where, f"{size} pieces, the model has {rows}", hint))
    return tuple(found)


def check_text_state(manifest: Manifest, *, stored_hash: str) -> tuple[Finding, ...]:
    """Report a text state that is not the one the manifest names."""
    if manifest.text is None:
        return (RULES.finding("C012", "text", "the checkpoint names no text state"),)
    if manifest.text.hash != stored_hash:
        message = f"hash {stored_hash[:16]}…, the manifest has {manifest.text.hash[:16]}…"
        return (RULES.finding("C012", manifest.text.file, message),)
    return ()
