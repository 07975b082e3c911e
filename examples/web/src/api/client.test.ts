import { expect, test } from "vitest";
import { proven, setHooks } from "./client.ts";
import { ApiError } from "./error.ts";

const stale = () => new ApiError({ status: 403, code: "reauthentication_required", detail: "" });
const more = (...missing: string[][]) => new ApiError({ status: 403, code: "proof_required", detail: "", params: { state: "mailbox", missing, mayWait: true } });

// run sends something that fails with these errors in turn, and answers "done" after them.
async function run(errors: ApiError[], answers: Record<"password" | "prove", boolean>, prompt?: boolean) {
  const asked: string[] = [];
  setHooks({
    reauthenticate: () => {
      asked.push("password");
      return Promise.resolve(answers.password);
    },
    prove: (need) => {
      asked.push(need.missing.map((set) => set.join("+")).join("|"));
      return Promise.resolve(answers.prove);
    },
  });
  let sent = 0;
  const outcome = await proven(() => {
    const err = errors[sent++];
    return err ? Promise.reject(err) : Promise.resolve("done");
  }, prompt).catch((err: unknown) => (err as ApiError).code);
  return { asked, sent, outcome };
}
const yes = { password: true, prove: true };

test("the password is asked for first and the code second, and the request is sent again after each", async () => {
  expect(await run([stale(), more(["mailbox"], ["wait"])], yes)).toEqual({ asked: ["password", "mailbox|wait"], sent: 3, outcome: "done" });
  expect(await run([more(["password", "mailbox"]), more(["mailbox"])], yes)).toEqual({ asked: ["password", "mailbox"], sent: 3, outcome: "done" });
});

test("the code of an account without a password is followed by its wait", async () => {
  expect(await run([more(["mailbox", "wait"]), more(["wait"])], { password: true, prove: true })).toEqual({ asked: ["mailbox+wait", "wait"], sent: 3, outcome: "done" });
});

test("no step is asked for twice", async () => {
  expect(await run(Array.from({ length: 9 }, stale), yes)).toEqual({ asked: ["password"], sent: 2, outcome: "reauthentication_required" });
  expect(await run(Array.from({ length: 9 }, () => more(["mailbox"])), yes)).toEqual({ asked: ["mailbox"], sent: 2, outcome: "proof_required" });
});

test("who does not prove it gets the refusal", async () => {
  expect(await run([stale()], { password: false, prove: true })).toEqual({ asked: ["password"], sent: 1, outcome: "reauthentication_required" });
  expect(await run([more(["mailbox"])], { password: true, prove: false })).toEqual({ asked: ["mailbox"], sent: 1, outcome: "proof_required" });
});

test("a call may leave it at the refusal, and other errors ask for nothing", async () => {
  expect(await run([more(["mailbox"])], yes, false)).toEqual({ asked: [], sent: 1, outcome: "proof_required" });
  const refused = new ApiError({ status: 403, code: "change_refused", detail: "", params: { reason: "host_only" } });
  expect(await run([refused], yes)).toEqual({ asked: [], sent: 1, outcome: "change_refused" });
});
