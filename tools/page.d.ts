// What the page's scripts take as given, for tsc alone: nothing of it goes into a page.
declare var L: any; // Leaflet and its tree of layers, vendored without types
declare var fflate: { inflateSync(bytes: Uint8Array): Uint8Array; zipSync(files: object, options?: object): Uint8Array; strToU8(text: string): Uint8Array };

interface Element {
  focus(options?: FocusOptions): void;
}

// getElementById tells the kind of no element: what fields and lists hold is asked of any.
interface HTMLElement {
  value: any;
  open: any;
  options: any;
}

/** What other scripts add to the page's prototype; each checks it where it stands. */
interface PageParts {
  map?: any;
  addAsk?(...given: any[]): void;
  addFilters?(...given: any[]): void;
  addPaper?(...given: any[]): void;
  addSteep?(...given: any[]): any;
  addTools?(...given: any[]): void;
  allRows?(...given: any[]): any[];
  drawRadius?(...given: any[]): void;
  measuring?: any;
  passes?(row: any): boolean;
  verdictWord?(...words: any[]): string;
}
