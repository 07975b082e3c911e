
(function () {
  "use strict";
  const form = document.querySelector("form");
  const button = form.querySelector("button");
  const field = form.querySelector("input");
  const status = document.getElementById("status");
  const invalid = "This link is no longer good. Ask for a new one.";
  const found = /^#token=([A-Za-z0-9_-]{43})$/.exec(location.hash);
  if (!found) {
    button.disabled = true;
    status.textContent = invalid;
    return;
  }
  // The token is not left in the address, where the next reader of the screen
  // or of the history finds it.
  history.replaceState(null, "", location.pathname);

  function told(problem) {
    if (problem.code === "invalid_token") {
      return invalid;
    }
    if (problem.errors && problem.errors.length > 0) {
      return problem.errors.map(function (e) { return e.field + ": " + e.message; }).join(" ");
    }
    return problem.detail || "Something went wrong. Try again later.";
  }

  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    button.disabled = true;
    status.textContent = "";
    const body = { token: found[1] };
    if (field) {
      body.password = field.value;
    }
    try {
      const answer = await fetch(form.dataset.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept": "application/json" },
        body: JSON.stringify(body),
      });
      if (answer.ok) {
        status.textContent = form.dataset.done;
        form.hidden = true;
        return;
      }
      const problem = await answer.json();
      status.textContent = told(problem);
      button.disabled = problem.code === "invalid_token";
    } catch {
      status.textContent = "There is no connection. Try again.";
      button.disabled = false;
    }
  });
})();
