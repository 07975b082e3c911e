import { needOf, stepOf, type Need, type Step } from "../logic/proof.ts";
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
  // prompt: false makes a refusal for a missing proof an error like any other.
  prompt?: boolean;
}

// What the page does when a call finds that the session is over, or that the
// user has to prove anew, or more, who it is. reauthenticate and prove answer
// whether that was done.
interface Hooks {
  signedOut(): void;
  reauthenticate(): Promise<boolean>;
  prove(need: Need): Promise<boolean>;
}

let hooks: Hooks = { signedOut: () => {}, reauthenticate: () => Promise.resolve(false), prove: () => Promise.resolve(false) };

export function setHooks(next: Partial<Hooks>): void {
  hooks = { ...hooks, ...next };
}

// prove asks the user for what is needed, and answers whether that was done.
export function prove(need: Need): Promise<boolean> {
  return hooks.prove(need);
}

// call sends one request to the API. It throws an ApiError and nothing else.
export async function call<T = void>(method: string, path: string, options: Options = {}): Promise<Answer<T>> {
  return proven(() => once<T>(method, path, options), options.prompt);
}

// proven runs send, and again after each proof of identity that the server asks
// for. No step is asked for twice, so that it ends whatever the server answers.
export async function proven<T>(send: () => Promise<T>, prompt = true): Promise<T> {
  const asked = new Set<Step>();
  for (;;) {
    try {
      return await send();
    } catch (err) {
      if (!(err instanceof ApiError)) throw err;
      if (err.code === "unauthenticated") hooks.signedOut();
      const need = needOf(err);
      const step = stepOf(err, need);
      if (!prompt || !step || asked.has(step)) throw err;
      asked.add(step);
      if (!(await (step === "password" || !need ? hooks.reauthenticate() : hooks.prove(need)))) throw err;
    }
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
