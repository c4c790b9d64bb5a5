import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { SettingsProvider } from "./app/settings";
import "./ui/tokens.css";
import "./ui/desk.css";

const place = document.getElementById("desk");
if (place) {
  createRoot(place).render(
    <SettingsProvider>
      <App />
    </SettingsProvider>,
  );
}
