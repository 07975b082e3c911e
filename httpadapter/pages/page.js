
(function () {
  "use strict";
  const first = document.getElementById("first");
  const confirm = document.getElementById("confirm");
  const answers = document.getElementById("answers");
  const field = document.getElementById("password");
  const status = document.getElementById("status");
  const invalid = "This link is no longer good. Ask for a new one.";
  const found = /^#token=([A-Za-z0-9_-]{43})$/.exec(location.hash);
  if (!found) {
    first.querySelector("button").disabled = true;
    status.textContent = invalid;
    return;
  }
  // The token is not left in the address, where the next reader of the screen
  // or of the history finds it.
  history.replaceState(null, "", location.pathname);

  // wait is the time of a Retry-After in words.
  function wait(seconds) {
    const words = function (n, unit) { return n + " " + unit + (n === 1 ? "" : "s"); };
    if (!(seconds > 0)) {
      return "later";
    }
    if (seconds < 120) {
      return "in " + words(Math.ceil(seconds), "second");
    }
    if (seconds < 7200) {
      return "in " + words(Math.ceil(seconds / 60), "minute");
    }
    return "in " + words(Math.ceil(seconds / 3600), "hour");
  }

  function told(problem, answer) {
    switch (problem.code) {
      case "invalid_token":
        return invalid;
      case "invalid_credentials":
        return "The password is wrong. Try again.";
      case "rate_limited":
        return "Too many tries. Try again " + wait(Number(answer.headers.get("Retry-After"))) + (confirm && !confirm.hidden ? ", or go on without the password below." : ".");
    }
    if (problem.errors && problem.errors.length > 0) {
      return problem.errors.map(function (e) { return e.field + ": " + e.message; }).join(" ");
    }
    return problem.detail || "Something went wrong. Try again later.";
  }

  function buttons() { return document.querySelectorAll("form button, section button"); }

  // send posts the token with what is added to it. then is called after success, and
  // otherwise, if it is given, instead of telling the problem.
  async function send(added, then, otherwise) {
    buttons().forEach(function (b) { b.disabled = true; });
    status.textContent = "";
    let open = true;
    try {
      const answer = await fetch(first.dataset.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept": "application/json" },
        body: JSON.stringify(Object.assign({ token: found[1] }, added)),
      });
      if (answer.ok) {
        open = false;
        then();
        return;
      }
      const problem = await answer.json();
      open = problem.code !== "invalid_token";
      if (!otherwise || !otherwise(problem)) {
        status.textContent = told(problem, answer);
      }
    } catch {
      status.textContent = "There is no connection. Try again.";
    } finally {
      buttons().forEach(function (b) { b.disabled = !open; });
    }
  }

  function done(text) {
    for (const part of [first, confirm, answers, document.getElementById("text")]) {
      if (part) {
        part.hidden = true;
      }
    }
    status.textContent = text;
  }

  // ask shows the form of somebody who is not signed in to the account.
  function ask(problem) {
    if (!confirm || problem.code !== "confirmation_required") {
      return false;
    }
    const { username, account } = problem.params;
    const named = username ? ' "' + username + '"' : "";
    document.getElementById("account").value = username;
    document.getElementById("named").hidden = !username;
    answers.querySelectorAll("[data-account]").forEach(function (p) { p.hidden = p.dataset.account !== account; });
    first.hidden = true;
    document.getElementById("text").hidden = true;
    confirm.hidden = false;
    answers.hidden = false;
    field.focus();

    confirm.addEventListener("submit", function (event) {
      event.preventDefault();
      field.removeAttribute("aria-invalid");
      send({ password: field.value }, function () {
        const what = account === "invited" ? "the account" + named + " is made" : "this is the address of the account" + named;
        done("Thank you, " + what + ". Where you are signed in, you stay so. Here you can sign in now.");
        const home = document.getElementById("home");
        home.hidden = false;
        home.addEventListener("click", function () { location.assign("/"); });
        home.focus();
      }, function (p) {
        if (p.code === "invalid_credentials") {
          field.setAttribute("aria-invalid", "true");
          field.focus();
          field.select();
        }
        return false;
      });
    });
    answers.querySelectorAll("button").forEach(function (b) {
      b.setAttribute("aria-describedby", b.dataset.answer + "-" + account);
      b.addEventListener("click", function () {
        send({ answer: b.dataset.answer }, function () {
          if (b.dataset.answer === "not_mine" && account !== "made") {
            done(account === "invited" ? "Thank you. No account is made." : "Thank you. Nothing was changed.");
          } else {
            done("Thank you. Look into your mail: a link to set a password is on its way.");
          }
        });
      });
    });
    return true;
  }

  first.addEventListener("submit", function (event) {
    event.preventDefault();
    const added = field && !confirm ? { password: field.value } : {};
    send(added, function () { done(first.dataset.done); }, ask);
  });
})();
