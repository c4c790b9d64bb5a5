import { expect, test } from "vitest";
import { isolated, reasonWord, told, WORDS, type Word } from "./words";

const PLACES = /\{\w+\}/g;

test("both languages say every sentence, with the same places", () => {
  for (const word of Object.keys(WORDS.en) as Word[]) {
    expect(WORDS.zh[word], word).toBeTruthy();
    expect(WORDS.zh[word].match(PLACES), word).toEqual(WORDS.en[word].match(PLACES));
  }
});

test("a name full of marks of direction cannot turn the sentence round", () => {
  expect(told("en", "ringing_aloud", { caller: "\u202e138" })).toBe(
    `Incoming call from ${isolated("\u202e138")}`,
  );
});

test("a reason that nobody has words for is shown as it is", () => {
  expect(reasonWord("zh", "break")).toBe("小休");
  expect(reasonWord("zh", "coffee")).toBe("coffee");
});
