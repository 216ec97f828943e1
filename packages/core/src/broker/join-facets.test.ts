import { expect, it } from "vitest";
import { joinFacets } from "./join-facets.ts";

class Counting {
  #count = 0;

  count(): number {
    return ++this.#count;
  }

  readonly countTwice = (): number => this.count() + this.count();
}

class Naming {
  name(): string {
    return "facet";
  }
}

it("gives a broker the methods of its facets, each still bound to its own", () => {
  const { count, countTwice, name } = joinFacets({}, new Counting(), new Naming());
  expect([count(), countTwice(), name()]).toEqual([1, 5, "facet"]);
});

it("leaves what the broker does itself in front of its facets", () => {
  class Own {
    name(): string {
      return "own";
    }
  }
  expect(joinFacets(new Own(), new Naming()).name()).toBe("own");
});

it("keeps the method of the facet that is named first", () => {
  class Watching {
    readonly #named: Naming;

    constructor(named: Naming) {
      this.#named = named;
    }

    name(): string {
      return `watched ${this.#named.name()}`;
    }
  }
  const naming = new Naming();
  expect(joinFacets({}, new Watching(naming), naming).name()).toBe("watched facet");
});
