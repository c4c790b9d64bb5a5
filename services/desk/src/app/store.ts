/** What is known, held outside of what is drawn: a gap is seen as it comes. */
import { NOTHING, type Desk } from "../stream/reducer";

export class Store {
  #desk = NOTHING;
  readonly #drawn = new Set<() => void>();

  readonly get = (): Desk => this.#desk;

  /** Change what is known; when the change throws, nothing is changed. */
  readonly change = (to: (desk: Desk) => Desk): void => {
    this.#desk = to(this.#desk);
    for (const draw of this.#drawn) draw();
  };

  readonly subscribe = (draw: () => void): (() => void) => {
    this.#drawn.add(draw);
    return () => this.#drawn.delete(draw);
  };
}
