import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The page is served under a strict content security policy: nothing may end
// up inline in the HTML, and there are no source maps in the repository.
const server = process.env["API_URL"] ?? "http://localhost:3000";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    target: "es2022",
    // light-dark() stays as it is: what stands in for it cannot follow color-scheme per element.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: {
    port: 5173,
    proxy: Object.fromEntries(["/api", "/upload-profile", "/default-avatar.png"].map((path) => [path, { target: server }])),
  },
});
