// A kernel that takes every change of prompts, selection and generation at once, and leaves the rest to the test.
import type { PageRequest } from "../src/protocol.gen";
import { Host } from "./host";
import { READY } from "./mount";

export class Answering extends Host {
  constructor(traits: Record<string, unknown> = {}) {
    super({ status: READY, ...traits });
  }

  override send(content: unknown): void {
    super.send(content);
    const { id, command } = structuredClone(content) as PageRequest;
    const take = (): [string, unknown] | null => {
      switch (command.type) {
        case "SetPrompts":
          return ["prompts", command.prompts];
        case "SetSelection":
          return ["selection", command.selection];
        case "SetGeneration":
          return ["generation", command.generation];
        case "Sync":
          return ["", null];
        default:
          return null;
      }
    };
    const taken = take();
    if (taken === null) return;
    setTimeout(() => {
      if (taken[0] !== "") this.set(...taken);
      this.say({ type: "Reply", id, error: null, result: null });
    }, 5);
  }
}
