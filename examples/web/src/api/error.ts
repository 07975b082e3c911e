import type { FieldProblem, Params } from "./types.ts";

// ApiError is every way a call can fail: a problem+json answer, an answer of
// another form (a proxy's), or none at all.
export class ApiError extends Error {
  readonly status: number; // 0: there was no answer
  readonly code: string; // the contract's, or "offline", "network", "aborted", "unexpected"
  readonly params: Params; // what belongs to code
  readonly fields: FieldProblem[];
  readonly requestId: string | null;
  readonly retryAfter: number | null; // seconds

  constructor(init: {
    status: number;
    code: string;
    detail: string;
    params?: Params;
    fields?: FieldProblem[];
    requestId?: string | null;
    retryAfter?: number | null;
  }) {
    super(init.detail);
    this.name = "ApiError";
    this.status = init.status;
    this.code = init.code;
    this.params = init.params ?? {};
    this.fields = init.fields ?? [];
    this.requestId = init.requestId ?? null;
    this.retryAfter = init.retryAfter ?? null;
  }
}

// problem makes an ApiError of an answer that is not a success.
export function problem(status: number, header: (name: string) => string | null, body: string): ApiError {
  const base = { status, requestId: header("X-Request-Id"), retryAfter: seconds(header("Retry-After")) };
  if ((header("Content-Type") ?? "").startsWith("application/problem+json")) {
    try {
      const p = JSON.parse(body) as { code?: unknown; detail?: unknown; title?: unknown; params?: unknown; errors?: unknown };
      if (typeof p.code === "string") {
        return new ApiError({
          ...base,
          code: p.code,
          detail: typeof p.detail === "string" ? p.detail : String(p.title ?? ""),
          params: isParams(p.params) ? p.params : {},
          fields: Array.isArray(p.errors) ? p.errors.filter(isFieldProblem) : [],
        });
      }
    } catch {
      // Not the JSON it claims to be: as any other unexpected answer.
    }
  }
  return new ApiError({ ...base, code: "unexpected", detail: `The server answered ${status}.` });
}

// unreachable is the error of a request that got no answer.
export function unreachable(): ApiError {
  return navigator.onLine
    ? new ApiError({ status: 0, code: "network", detail: "The server could not be reached." })
    : new ApiError({ status: 0, code: "offline", detail: "You are offline." });
}

function isFieldProblem(v: unknown): v is FieldProblem {
  const f = v as Partial<FieldProblem> | null;
  return (
    typeof f === "object" && f !== null && typeof f.field === "string" && typeof f.code === "string" && typeof f.message === "string" && (f.params === undefined || isParams(f.params))
  );
}

function isParams(v: unknown): v is Params {
  const word = (p: unknown) => typeof p === "number" || typeof p === "string";
  const set = (p: unknown) => Array.isArray(p) && p.length > 0 && p.every(word);
  const value = (p: unknown) => p === null || word(p) || typeof p === "boolean" || (Array.isArray(p) && (p.every(word) || p.every(set)));
  return typeof v === "object" && v !== null && !Array.isArray(v) && Object.values(v).every(value);
}

// seconds reads Retry-After, which is a number or a date.
function seconds(value: string | null): number | null {
  if (value === null || value === "") return null;
  const n = Number(value);
  if (Number.isFinite(n)) return Math.max(0, n);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.round((at - Date.now()) / 1000));
}
