import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Built for the browser tests only; nothing of it is in the examples' bundle.
export default defineConfig({
  base: "/legacy/",
  plugins: [react()],
  build: { outDir: "build", emptyOutDir: true, sourcemap: false, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
