/**
 * A value that is made when somebody first asks for it. What all commands do with a configuration stays small so: most
 * look at one resource of many.
 */
export class Postponed<Value> {
  private made: Value | undefined = undefined;
  private steps: ((value: Value) => void)[] | undefined = undefined;

  constructor(private readonly make: () => Value) {}

  get isMade(): boolean {
    return this.made !== undefined;
  }

  /** What is to be done to the value before anybody sees it; only while it is not made. */
  before(step: (value: Value) => void): void {
    (this.steps ??= []).push(step);
  }

  get value(): Value {
    if (this.made === undefined) {
      // Known before the steps: they may ask for it themselves.
      this.made = this.make();
      this.steps?.forEach((step) => step(this.made as Value));
    }
    return this.made;
  }
}
