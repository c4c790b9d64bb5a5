/** The bar above every page: whose desk it is, how it looks, and how it is connected. */
import type { ReactNode } from "react";
import { Button } from "../ui/button";
import { useSettings } from "./settings";

export function PageHead({ children }: { children?: ReactNode }) {
  const { say, language, theme, switchLanguage, switchTheme } = useSettings();
  return (
    <header className="page-head">
      <p className="product">
        <img src="./mark.svg" alt="" width="28" height="28" />
        {say("product")}
      </p>
      <div className="head-middle">{children}</div>
      <div className="head-end">
        <Button weight="quiet" onPress={switchTheme}>
          {say(theme === "light" ? "theme_dark" : "theme_light")}
        </Button>
        <Button weight="quiet" onPress={switchLanguage}>
          <span lang={language === "en" ? "zh-CN" : "en"}>{say("language")}</span>
        </Button>
      </div>
    </header>
  );
}
