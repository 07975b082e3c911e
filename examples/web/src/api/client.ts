import { ApiError, problem, unreachable } from "./error.ts";

export const base = "/api";

export interface Answer<T> {
  data: T;
  etag: string | null;
}

interface Options {
  body?: unknown;
  ifMatch?: string | null;
  signal?: AbortSignal;
}

// What the page does when a call finds that the session is over, or that the
// user has to prove anew who it is. reauthenticate answers whether it worked.
interface Hooks {
  signedOut(): void;
  reauthenticate(): Promise<boolean>;
}

let hooks: Hooks = { signedOut: () => {}, reauthenticate: () => Promise.resolve(false) };

export function setHooks(next: Partial<Hooks>): void {
  hooks = { ...hooks, ...next };
}

// call sends one request to the API. It throws an ApiError and nothing else.
export async function call<T = void>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  return proven(() => once<T>(method, path, options));
}

// proven runs send, and once more after a proof of identity if that is what
// the server asks for.
export async function proven<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (err) {
    if (!(err instanceof ApiError)) throw err;
    if (err.code === "unauthenticated") hooks.signedOut();
    if (err.code === "reauthentication_required" && (await hooks.reauthenticate())) return send();
    throw err;
  }
}

// download fetches a file whole, so that a connection that is cut is an error
// and not half a file.
export async function download(path: string): Promise<Blob> {
  return proven(async () => {
    let response: Response;
    try {
      response = await fetch(base + path, { credentials: "same-origin" });
      if (response.ok) return await response.blob();
    } catch {
      throw unreachable();
    }
    throw problem(response.status, (name) => response.headers.get(name), await response.text());
  });
}

async function once<T>(method: string, path: string, { body, ifMatch, signal }: Options): Promise<Answer<T>> {
  const headers = new Headers({ Accept: "application/json, application/problem+json" });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (ifMatch) headers.set("If-Match", ifMatch);
  let response: Response;
  let text: string;
  try {
    response = await fetch(base + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: signal ?? null,
    });
    text = await response.text();
  } catch {
    if (signal?.aborted) throw new ApiError({ status: 0, code: "aborted", detail: "Cancelled." });
    throw unreachable();
  }
  const header = (name: string) => response.headers.get(name);
  if (!response.ok) throw problem(response.status, header, text);
  try {
    return { data: (text === "" ? undefined : JSON.parse(text)) as T, etag: header("ETag") };
  } catch {
    throw new ApiError({
      status: response.status,
      code: "unexpected",
      detail: "The server's answer could not be read.",
      requestId: header("X-Request-Id"),
    });
  }
}
