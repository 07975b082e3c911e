// Puts the appearance that this browser saw last onto the page before it is
// painted, so that a reload does not flash. Written by src/settings/apply.ts;
// what is stored is checked, since anything could have put it there.
(function () {
  try {
    var a = JSON.parse(localStorage.getItem("profilekit.appearance") || "null");
    if (!a) return;
    var root = document.documentElement;
    if (a.theme === "light" || a.theme === "dark") root.dataset.theme = a.theme;
    if (a.density === "compact") root.dataset.density = "compact";
    if (a.reducedMotion === true) root.dataset.motion = "reduced";
    if (a.fontScale >= 0.8 && a.fontScale <= 1.5) root.style.setProperty("--font-scale", String(+a.fontScale));
    ["fill", "on", "text"].forEach(function (name) {
      ["light", "dark"].forEach(function (scheme) {
        var v = a.accent && a.accent[scheme] && a.accent[scheme][name];
        if (/^#[0-9a-f]{6}$/.test(v)) root.style.setProperty("--accent-" + name + "-" + scheme, v);
      });
    });
  } catch {
    // Without storage the page follows the system.
  }
})();
