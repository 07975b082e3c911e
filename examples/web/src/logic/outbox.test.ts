import { expect, test } from "vitest";
import { outboxFor } from "./outbox.ts";

test("the outbox is for the channels that it names", () => {
  expect(outboxFor("email", "/outbox", "email sms")).toBe("/outbox");
  expect(outboxFor("sms", "/outbox", "email sms")).toBe("/outbox");
  expect(outboxFor("sms", "/outbox", "email")).toBeNull();
  expect(outboxFor("email", "/outbox", "")).toBeNull();
});

test("it is a path of this server or none", () => {
  for (const path of ["", "outbox", "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/outbox?next=x"]) {
    expect(outboxFor("email", path, "email"), path).toBeNull();
  }
});
