import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "/desk/",
  plugins: [react()],
  build: {
    target: "es2023",
    // The polyfill would be an inline script, which our own policy forbids.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
