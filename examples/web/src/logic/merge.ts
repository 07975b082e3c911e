// mergePatch is RFC 7396 on JSON values, used to show a setting before the
// server has confirmed it. A null that brings back a default is not known
// here, so members of null stay as they are until the answer comes.
export function mergePatch<T>(target: T, patch: unknown): T {
  if (!isObject(patch) || !isObject(target)) return patch as T;
  const out: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    if (value !== null) out[name] = isObject(value) ? mergePatch(out[name] ?? {}, value) : value;
  }
  return out as T;
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}
