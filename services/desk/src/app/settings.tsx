/** What this browser remembers of how the desk is to look: language and theme. */
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { told, type Language, type Word } from "../words/words";

type Theme = "light" | "dark";

interface Settings {
  readonly language: Language;
  readonly theme: Theme;
  /** Return a sentence in the language that is set. */
  say(word: Word, places?: Readonly<Record<string, string>>): string;
  switchLanguage(): void;
  switchTheme(): void;
}

const Context = createContext<Settings | null>(null);

export function useSettings(): Settings {
  const settings = use(Context);
  if (!settings) throw new Error("settings: are not provided here");
  return settings;
}

export function SettingsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() =>
    kept("language", ["en", "zh"], navigator.language.startsWith("zh") ? "zh" : "en"),
  );
  const [theme, setTheme] = useState<Theme>(() =>
    kept("theme", ["light", "dark"], matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"),
  );

  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    keep("language", language);
  }, [language]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    keep("theme", theme);
  }, [theme]);

  const settings = useMemo<Settings>(
    () => ({
      language,
      theme,
      say: (word, places) => told(language, word, places),
      switchLanguage: () => setLanguage(language === "en" ? "zh" : "en"),
      switchTheme: () => setTheme(theme === "light" ? "dark" : "light"),
    }),
    [language, theme],
  );
  return <Context value={settings}>{children}</Context>;
}

// A browser may forbid keeping anything; then each visit begins anew.
function kept<Value extends string>(name: string, known: readonly Value[], otherwise: Value): Value {
  try {
    const found = localStorage.getItem(`tieline-${name}`);
    return known.find((value) => value === found) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(`tieline-${name}`, value);
  } catch {
    // Shown all the same.
  }
}
