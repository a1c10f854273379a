// What the page's scripts share, for tsc alone: nothing of it goes into a page. The JSON is as outputs/map writes it.

// ---- the page's JSON ----

type Language = "zh" | "en";
type Both = Record<Language, string>;
type Words = Record<string, string>;
type Nullable<T> = T | null;
type LatLon = [number, number];
type Bounds = [LatLon, LatLon];
/** Key of a label, its text, and the English text where there is one. */
type Fact = [string, string, string?];
/** A line of a popup: label and text. */
type Pair = [string, string];
type Values = Record<string, string | number | null>;

interface Titled { title: string; title_en?: string }
interface Look { stroke: string; fill: string; fill_opacity: number; width_px: number; dash: string }
interface VerdictLook { colour: string; tint: string; text: string; shape: string }
interface Geometry { type: string; coordinates: unknown }
interface Feature<P, G = Geometry> { type: "Feature"; geometry: G; properties: P }

/** Places of a packed kind; `chunks` scripts hold it. */
interface PackedMeta { classes: string[]; townships: string[]; sources: string[]; names: string[]; years: string[]; count: number; chunks: number }

interface ContextRecord { name: string; at: LatLon; bounds: Bounds; facts?: Fact[] }
interface ContextData extends Titled {
  role: string; remark: string[]; labelled: boolean; shown: boolean; approximate: boolean; basis: string; swatch: string; style: Look;
  borders: Nullable<Geometry>; is_filled: boolean; left_open: boolean; features: Feature<ContextRecord, Nullable<Geometry>>[];
}

/** Grade (0 unknown), mean degrees by heights, where the grade comes from. */
type Slope = [number, Nullable<number>, number];
interface ReceptorRecord {
  id: string; name: string; cls: string; area_ha: Nullable<number>; township: string; year: string; sources: Nullable<number>;
  source: string; distance_m: Nullable<number>; slope?: Nullable<Slope>; steep?: number; index?: number;
}
interface TownshipSum { name: string; at: LatLon; count: number; area_ha: Nullable<number>; classes: [string, number, Nullable<number>][] }
interface SteepLine { code: number; key: string; look: Look; count: number }
interface ReceptorData extends Titled {
  kind: string; classes: string[]; features: Feature<ReceptorRecord>[]; packed: Nullable<PackedMeta>; townships: TownshipSum[];
  by_township: [string, string, number, string][]; steep: SteepLine[]; steep_by_township: [string, number, number, string][];
}

/** Count, hectares, 1 for a lower bound. */
type Reach = [Nullable<number>, Nullable<number>, number];
interface Row {
  row: number; number: Nullable<number>; id: string; name: string; township: string; county: string; trade: string; uscc: string;
  status_code: string; verdict: string; certainty: string; kind: Nullable<string>; findings: number[]; visit: [string, string, string];
  tally?: Record<string, number>;
}
interface Source extends Row {
  badge: string; nearest: Fact[]; nearest_m: Nullable<number>; facts: Fact[]; nearest_id: string; at: LatLon; outline: Nullable<Geometry>;
  lower: boolean; counts: { head: string[]; rows: string[][] }; reach: Reach[]; flow?: LatLon[]; nearest_at: Nullable<LatLon>;
}
interface Unmapped extends Row { status: string; note: string; at?: undefined; reach?: undefined; nearest_m?: undefined }
type AnyRow = Source | Unmapped;

/** Number of a step's name, then a sentence's number and values, or a text, or nothing: the finding's own note. */
type Step = [number, ...(number | string)[]];
interface Finding {
  verdict: string; badge: string; badge_en: string; sentence: string; sentence_en: string; facts: Fact[]; more: Fact[]; law: number;
  why: [Step[], Step[]];
}
interface Law { title: string; rule: string; facts: Fact[]; quote: string; parameters: Pair[] }
interface Town { name: string; parcels: number; reached: number; sources: [string, number][] }
/** Township, verdict code, number of sources. */
type Statistic = [string, string, number];

interface PageData {
  words: Record<Language, Words>; bounds: Bounds; credits: string[];
  styles: { verdicts: Record<string, VerdictLook>; classes: Record<string, Record<string, Look>>; search: Look; place: Look };
  verdict_words: Record<string, Both>; class_words: Record<string, string>; status_words: Record<string, Both>; radii_m: number[]; radius_m: number; context: ContextData[];
  receptors: ReceptorData[]; steep: string[]; searched: Nullable<PackedMeta>; towns: Town[]; sources: Source[]; findings: Finding[]; laws: Law[];
  steps: [string, string][]; rerun: Step[]; unmapped: Unmapped[]; shapes: Words; language: Language;
  backdrop: Nullable<{ uri: string; bounds: Bounds; title: string; credit: string }>;
  tiles: { title: string; url: string; attribution: string; max_zoom: number }[];
  statistics: Statistic[]; visits: Nullable<{ text: string; text_en: string; words: Words }>; click: Nullable<ClickData>;
  /** Of the page's language; the scripts set these three. */
  labels: Words; caption: string; disclaimer: string;
}

// ---- the compiled clauses: siting/page_rules.py and click.py ----

type Side = "met" | "not_met" | "unknown";
type Tree =
  | { op: "all"; of: Tree[] }
  | { op: "any"; of: Tree[] }
  | { op: "fixed"; side: Side; why: string[]; said?: string[]; approx?: boolean; layer?: string; missing?: string }
  | { op: "off"; why: string[] }
  | FactTree
  | NearTree
  | InsideTree;
interface NearTree { op: "near" | "touch"; set: number; limit: number; why: string[]; hit?: Side; open?: string }
interface FactTree { op: "fact"; name: string; expected: boolean; why: string; said: { yes: string; no: string }; graver: Side; perhaps: string }
interface InsideTree { op: "inside"; set: number; yes: Side }

/** A fact's name and whether it must be so. */
type Condition = [string, boolean];
interface CitedRecord { cite: number; standing: string; note: string; order: number; layers: string[]; example: boolean }
/** A clause that no position and no project changes. */
interface FixedRecord extends CitedRecord { fixed: Settled; open?: undefined }
interface SubjectRecord extends CitedRecord {
  fixed?: undefined; existing: boolean; actions: string[]; conditions: Condition[]; trade: Nullable<ListedTrades>; basin?: [string, string]; params: string[];
  exceptions: { actions: string[]; conditions: Condition[]; unsaid: string; known: string }[];
}
/** A clause whose text or value isn't held. */
interface OpenRecord extends SubjectRecord { open: true; trees: Tree[]; beyond: string[] }
interface TestedRecord extends SubjectRecord {
  open?: undefined; trees: Tree[]; unset: string[]; blocked: string[]; sides: Record<Side, string>; graver: Side; condition: string; principle: string;
  missing: string[]; stated: [string, string][]; nowhere: string[];
}
type ClauseRecord = FixedRecord | OpenRecord | TestedRecord;
interface ListedTrades { codes?: Record<string, string[]>; parts: string[]; unset?: string }
interface ClickLayer {
  title: string; vintage: string; basis: string; approx: boolean; coverage: Nullable<number>; complete: boolean; off_m: number;
  gaps: { outside: string; near: string; undeclared: string; incomplete: string }; ground: number;
}
interface Citation {
  rule: string; title: string; clause: string; number: string; quote: string; rank: Both; effect_code: string; effect: Both; authority: string;
  decider: string; verified: string; sentences: Record<string, Both>;
}
interface DrawnAreas { ground: number; codes: string[] }
/** Fact, edition, code, what it means, source. */
type Implied = [string, string, string, string, string];
interface ClickData {
  margin_m: number; as_of: string; gravity: string[]; effects: string[]; settling: Record<string, Both>; subject_words: Words;
  actions: Record<string, Both>; implied: Implied[]; renumbered: Record<string, string[]>; trades: [number, string, string][]; attributes: Words;
  missing: Record<string, Pair>; left_out: Record<string, Pair>; layers: Record<string, ClickLayer>;
  sets: { layer: string; index: number; title: string; untold: string }[]; records: ClauseRecord[]; citations: Citation[];
  places: Record<string, number[]>; beside: Record<string, number[]>; outline_error_m: number; names: Words;
  counties: Nullable<DrawnAreas>; townships: Nullable<DrawnAreas>; area: Nullable<number>;
  badges: Record<"plain" | "example" | "unmet" | "unmet_example", Record<string, Both>>; standings: Record<string, Both>; grounds: number; states: number[];
}

// ---- the page's elements: null where panels.html leaves them out of a section that is there, or scripts make them ----

interface PageElements {
  "ask": Nullable<HTMLElement>; "ask-action": HTMLSelectElement; "ask-answer": HTMLElement; "ask-close": HTMLButtonElement; "ask-edition": HTMLSelectElement;
  "ask-facts": HTMLElement; "ask-form": HTMLFormElement; "ask-place": HTMLInputElement; "ask-says": HTMLElement; "ask-trade": HTMLInputElement;
  "ask-trade-name": HTMLElement; "ask-trades": HTMLElement; "ask-zones": HTMLElement;
  "caption": HTMLElement; "disclaimer": HTMLElement; "dock": Nullable<HTMLElement>; "dock-body": HTMLElement; "dock-close": HTMLButtonElement;
  "dock-says": HTMLElement; "dock-tabs": HTMLElement; "export-csv": HTMLButtonElement; "export-xlsx": HTMLButtonElement;
  "filter-certainty": HTMLSelectElement; "filter-reset": Nullable<HTMLButtonElement>; "filter-says": HTMLElement; "filter-township": HTMLSelectElement;
  "filter-trade": HTMLSelectElement; "filter-year": Nullable<HTMLSelectElement>; "head-more": HTMLElement; "hmgeo-data": HTMLElement; "legend": HTMLElement;
  "print-cancel": HTMLButtonElement; "print-dialog": HTMLElement; "print-go": HTMLButtonElement; "print-paper": HTMLSelectElement;
  "print-scale": HTMLSelectElement; "progress": HTMLElement; "radius": Nullable<HTMLSelectElement>; "radius-says": Nullable<HTMLElement>;
  "search-box": HTMLInputElement; "search-list": HTMLElement; "sheet": HTMLElement; "skip": HTMLButtonElement;
  "tool-ask": Nullable<HTMLButtonElement>; "tool-language": HTMLButtonElement; "tool-link": HTMLButtonElement; "tool-measure": HTMLButtonElement;
  "tool-more": HTMLButtonElement; "tool-picture": HTMLButtonElement; "tool-print": HTMLButtonElement; "tool-receptors": Nullable<HTMLButtonElement>;
  "tool-side": HTMLButtonElement; "tool-table": HTMLButtonElement; "unmapped": Nullable<HTMLDetailsElement>;
  "toast": Nullable<HTMLElement>; "measure-says": Nullable<HTMLElement>;
  "visits-list": Nullable<HTMLElement>; "visits-says": HTMLElement; "visits-text": HTMLElement; "watermark": Nullable<SVGElement>; "watermark-tile": SVGElement;
}
interface Document { getElementById<K extends keyof PageElements>(id: K): PageElements[K] }

// ---- libraries, as far as they are used ----

declare var fflate: { inflateSync(bytes: Uint8Array): Uint8Array<ArrayBuffer>; zipSync(files: Record<string, Uint8Array>, options?: { mtime?: Date }): Uint8Array<ArrayBuffer>; strToU8(text: string): Uint8Array };

/** A function that is called by `new`, whose methods other scripts may add. */
interface Maker<A extends unknown[], T> { new (...given: A): T; (...given: A): T; prototype: T }

declare namespace L {
  interface LatLng { lat: number; lng: number; equals(other: LatLng, slack?: number): boolean; toBounds(metres: number): LatLngBounds }
  type Place = LatLng | LatLon;
  interface LatLngBounds { getCenter(): LatLng; contains(at: LatLng): boolean; pad(share: number): LatLngBounds }
  interface Point { x: number; y: number; scaleBy(by: Point): Point; add(by: Point | LatLon): Point }
  interface Coords extends Point { z: number }
  interface Event { type: string; latlng: LatLng; popup: Popup }
  interface Handler { enable(): void; disable(): void; moved?(): boolean }

  interface Evented {
    on(types: string, act: (event: Event) => void, self?: object): this;
    once(types: string, act: () => void): this;
    off(types: string, act: (event: Event) => void): this;
    fire(type: string): this;
  }
  interface Layer extends Evented {
    _map: Nullable<Map>;
    onAdd?(map: Map): unknown;
    onRemove?(map: Map): void;
    addTo(where: Map | FeatureGroup): this;
    remove(): this;
    bindTooltip(content: HTMLElement | (() => HTMLElement), options: object): this;
    /** Where a layer is drawn over others. */
    bringToFront?(): unknown;
  }
  interface Path extends Layer { setStyle(style: object): this; getElement(): Nullable<SVGElement>; options: { weight: number; halo?: number } }
  interface CircleMarker extends Path { setRadius(radius: number): this; getLatLng(): LatLng }
  type Rings = LatLng | Rings[];
  interface Polyline extends Path { setLatLngs(at: Place[]): this; getLatLngs(): Rings; getBounds(): LatLngBounds }
  interface FeatureGroup extends Layer {
    addLayer(layer: Layer): this; removeLayer(layer: Layer): this; clearLayers(): this; getLayers(): Layer[]; eachLayer(visit: (layer: Layer) => void): this;
    setStyle(style: object): this;
  }
  interface Popup extends Layer { setLatLng(at: Place): this; setContent(content: HTMLElement): this; openOn(map: Map): this; getElement(): HTMLElement }
  interface GridLayer extends Layer { _tileZoom: number; redraw(): this; getTileSize(): Point; getContainer(): HTMLElement; options: object }
  interface Canvas extends Layer { _update(): void; _redraw(): void; _fillStroke(ctx: CanvasRenderingContext2D, layer: Path): void }
  interface Control { onAdd?(): HTMLElement; remove(): this; addTo(map: Map): this; getContainer(): HTMLElement }

  interface Map extends Evented {
    options: { zoomSnap: number }; dragging?: Handler; doubleClickZoom: Handler;
    addLayer(layer: Layer): this; removeLayer(layer: Layer): this; hasLayer(layer: Layer): boolean; eachLayer(visit: (layer: Layer) => void): this;
    addControl(control: Control): this; createPane(name: string): HTMLElement; getPane(name: string): HTMLElement; getContainer(): HTMLElement;
    getSize(): Point; getCenter(): LatLng; getZoom(): number; getBounds(): LatLngBounds; getBoundsZoom(bounds: LatLngBounds): number;
    setView(at: Place, zoom: number, options?: object): this; flyTo(at: Place, zoom: number, options?: object): this;
    fitBounds(bounds: LatLngBounds | Bounds, options?: object): this; invalidateSize(options: object): this; closePopup(): this;
    project(at: Place, zoom: number): Point; unproject(at: Point, zoom: number): LatLng; mouseEventToLatLng(event: MouseEvent): LatLng;
  }

  /** A class whose own kinds are made with more methods. */
  interface Extendable<T> { prototype: T; include(methods: Partial<T> & ThisType<T>): void; extend<A extends unknown[], M extends T>(methods: object & Partial<NoInfer<M>> & ThisType<NoInfer<M>>): Maker<A, M> }
  const Canvas: Extendable<Canvas> & (new () => Canvas);
  const CircleMarker: Extendable<CircleMarker>;
  const Control: Extendable<Control>;
  const GridLayer: Extendable<GridLayer>;
  const Layer: Extendable<Layer>;
  const DomEvent: { disableClickPropagation(node: HTMLElement): void; stopPropagation(event: Event): void };
  const Util: { requestAnimFrame<T>(act: (this: T) => void, self: T): number };
  const control: {
    zoom(options: object): Control; scale(options: object): Control; layers: { tree(base: null, over: TreeBranch[], options: object): Control };
  };
  function circleMarker(at: Place, options: object): CircleMarker;
  function divIcon(options: object): object;
  function featureGroup(layers?: Layer[]): FeatureGroup;
  function geoJSON<P, G>(data: Geometry | Feature<P, G> | Feature<P, G>[], options?: {
    style?: object | ((feature: Feature<P>) => object);
    pointToLayer?(feature: Feature<P>, at: LatLng): Layer;
    onEachFeature?(feature: Feature<P>, layer: Layer): void;
  }): FeatureGroup;
  function imageOverlay(uri: string, bounds: Bounds, options: object): Layer;
  function latLng(lat: number, lon: number): LatLng;
  function latLng(at: LatLon): LatLng;
  function latLngBounds(one: LatLon, other: LatLon): LatLngBounds;
  function latLngBounds(at: LatLon[]): LatLngBounds;
  function marker(at: Place, options: object): Layer;
  function polygon(rings: Place[] | Place[][], options: object): Polyline;
  function polyline(line: Place[], options: object): Polyline;
  function popup(options: object): Popup;
  function setOptions(layer: Layer, options?: object): void;
  function svg(options: object): Layer;
  function tileLayer(url: string, options: object): Layer;
}
interface TreeBranch { label: string; layer?: L.Layer; selectAllCheckbox?: string; children?: TreeBranch[]; collapsed?: boolean }

// ---- what is drawn ----

interface SourceMark extends L.CircleMarker {
  source: Source; group: L.FeatureGroup; label: Nullable<L.Layer>; outline: Nullable<L.Layer>;
  _path: SVGElement; _point: L.Point; _radius: number; options: L.CircleMarker["options"] & { shape: string };
  _updatePath(): void; _initPath(): void;
}
/** A receptor drawn one by one: a line or area, a point, or a group of them. */
interface ParcelLayer extends L.Layer {
  record: ReceptorRecord; kind: string; group: L.FeatureGroup;
  getLatLngs?(): L.Rings; getLatLng?(): L.LatLng; getBounds?(): L.LatLngBounds; getLayers?(): ParcelLayer[];
}
interface Drawn { group: L.FeatureGroup; layers: ParcelLayer[] }
interface Child { layer: L.Layer; word?: string; key?: string; code?: number }
interface Branch { kind?: string; key?: string; title?: string; title_en?: string; children: Child[] }
interface ContextChoice { title: string; title_en?: string; key?: string; layer: L.Layer }
interface Lot { store: IStore; layer: PackedLayer; kind: string }
interface Choice { key: string; layer: L.Layer; on: boolean }
/** What a name in the search box stands for. */
interface Entry { name: string; approximate?: boolean; aside?: string; kind: string; keys: string[]; go(): void }
type Found = Omit<Entry, "keys">;
interface Visitors { source(source: Source): void; row(id: string): void; area(bounds: L.LatLngBounds | Bounds): void; parcel(layer: ParcelLayer): void }
interface ScaleBar { metres: number; pixels: number; scale: number }

// ---- packed receptors ----

type PackedColumn = "cls" | "area" | "township" | "reached" | "source" | "distance" | "names" | "year" | "slope" | "grade" | "steep";
type Part = Record<PackedColumn | "rings" | "vertices" | "x" | "y", Uint32Array> & { n: number; total: number; ids: string };
interface IStore extends Record<PackedColumn, Uint32Array> {
  meta: PackedMeta; count: number; size: number; parts: Part[]; x: Int32Array; y: Int32Array; firstVertex: Uint32Array; firstRing: Uint32Array;
  box: Int32Array; blocks: Int32Array; ids: string[]; south: number; north: number;
  add(base64: string): void;
  finish(): void;
  blockBoxes(): Int32Array;
  inBox(west: number, south: number, east: number, north: number, visit: (i: number) => boolean): void;
  holds(i: number, x: number, y: number): boolean;
  hit(lon: number, lat: number, slack: number, shown?: (i: number) => boolean): number;
  record(i: number): ReceptorRecord;
  rings(i: number): LatLon[][];
  bounds(i: number): L.LatLngBounds;
  indexOf(id: string): number;
}
interface TileJob { zoom: number; step(end: number): boolean }
type TileDone = (error: null, tile: HTMLCanvasElement) => void;
interface PackedLayer extends L.GridLayer {
  store: IStore; styles: Nullable<Look>[]; code: Uint32Array; hiddenClasses: boolean[]; queue: TileJob[]; ratio: number;
  onlyTownship: Nullable<number>; onlyYear: Nullable<number>; waiting: Nullable<number>; running: Nullable<number>;
  options: { column: PackedColumn; least: number } & Record<string, unknown>;
  initialize(store: IStore, styles: Nullable<Look>[], options?: object): void;
  setClass(index: number, on: boolean): void;
  setTownship(name: string): void;
  setYear(word: string): void;
  later(): void;
  isShown(i: number): boolean;
  createTile(coords: L.Coords, done: TileDone): HTMLCanvasElement;
  work(): void;
  drawNow(): void;
  job(tile: HTMLCanvasElement, coords: L.Coords, size: L.Point, done: TileDone): TileJob;
  drawBlock(ctx: CanvasRenderingContext2D, block: number, view: number[], ax: number, bx: number, ay: number, by: number, zoom: number): void;
  trace(ctx: CanvasRenderingContext2D, i: number, ax: number, bx: number, ay: number, by: number): void;
}

// ---- the ground of clauses ----

interface BoxTree { items: number[]; levels: Float64Array[]; inBox(west: number, south: number, east: number, north: number, visit: (item: number) => void): void }
interface Plane { lon: number; lat: number; kx: number; ky: number; lean: number }
interface Foot { metres: number; shape: number; lon: number; lat: number; edge: Nullable<[number, number, number]> }
interface Nearest { metres: number; shape: number; lon: number; lat: number }
interface IGround {
  rings: number[]; dimensions: number[]; size: number; labels: string[]; rows: number[]; states: Uint8Array[]; lon: Float64Array; lat: Float64Array;
  firstRing: Uint32Array; firstVertex: Uint32Array; boxes: Float64Array; pieces: Uint32Array; pieceBoxes: Float64Array;
  built: Record<string, { pieces: BoxTree; shapes: BoxTree }>;
  place(vertices: number[], x: number[], y: number[]): void;
  cut(): void;
  /** The trees of one set, or of all shapes for null; `only` asks for one state. */
  trees(set: Nullable<number>, only?: number): { pieces: BoxTree; shapes: BoxTree };
  holds(i: number, lon: number, lat: number): boolean;
  holding(lon: number, lat: number, set: Nullable<number>, only?: number): number[];
  nearestEdge(lon: number, lat: number, set: Nullable<number>, within?: number, only?: number): Nullable<Foot>;
  shapesWithin(lon: number, lat: number, metres: number): number[];
  measure(flat: Plane, piece: number, best: Foot): void;
  refine(flat: Plane, best: Foot, edge: [number, number, number]): void;
  nearest(lon: number, lat: number, set: Nullable<number>, only?: number): Nullable<Nearest>;
}

// ---- judging a place ----

interface Asked { edition: string; trade: string; action: string; facts: Words }
type Stated = "yes" | "no" | "implied yes" | "implied no" | "maybe" | { doubt: string };
type Stateds = Record<string, Stated>;
type Labelled = Nearest & { label: string };
/** What was measured of one set: the nearest that counts, or the feature that holds the place. */
interface Measured { set: number; found: Nullable<Labelled>; limit?: number; inside?: string }
interface Measure { metres: Nullable<number>; label: string; limit: Nullable<number> }
interface Outcome {
  given: Side; possible: Side[]; why: string[]; said: Measured[]; texts?: string[]; approx: boolean; off?: boolean; unsaid?: boolean; measure: Nullable<Measure>;
}
interface KnownFact { known: Nullable<boolean>; maybe?: boolean; open?: boolean; source?: string; why?: string }
type Reached = { side: "met"; wide?: string; derived?: string } | { side: "not_met" | "unknown"; why: string };
interface Settled { verdict: string; why: string[] }
/** What one clause says: `given` at the place itself, `possible` within the margin, the gravest first. */
interface Judged {
  record: ClauseRecord; cite: number; said: Measured[]; texts: string[]; off: boolean; measure: Nullable<Measure>; given: string; possible: string[];
  why: string[]; approx?: boolean; unsaid?: boolean;
}
interface Verdict extends Judged { verdict: string; other: Nullable<string>; ambiguous: boolean }
interface Answer { lon: number; lat: number; place: string; near: string[]; clauses: Verdict[]; asked: Asked }
interface Group { settling: string; what: string[]; clauses: Verdict[]; gravest: number }
interface AnswerPart { part: string; clauses: Verdict[]; groups?: Group[] }
interface Around { layer: string; title: string; metres: number; label: string; lon: number; lat: number }
interface IClauses {
  data: ClickData; grounds: IGround[];
  placeOf(lon: number, lat: number): string;
  recordsOf(code: string, lon: number, lat: number): number[];
  implied(name: string, asked: Asked): string;
  impliedBy(name: string, asked: Asked): Nullable<Implied>;
  knownFact(name: string, asked: Asked): KnownFact;
  factsOf(asked: Asked): Stateds;
  byTrade(trades: ListedTrades, asked: Asked): Reached;
  byConditions(record: SubjectRecord, asked: Asked): Reached;
  reach(record: SubjectRecord, asked: Asked): Reached;
  exemption(record: SubjectRecord, asked: Asked): Nullable<{ known: boolean; why: string }>;
  before(record: ClauseRecord, asked: Asked): Nullable<Settled>;
  judge(record: ClauseRecord, asked: Asked, spot: ISpot): Judged;
  test(record: TestedRecord, asked: Asked, spot: ISpot): Judged;
  byGravity(verdicts: string[]): string[];
  ask(lon: number, lat: number, asked: Asked): Answer;
  settling(clause: Verdict, asked: Asked): [string, string[]];
  grouped(list: Verdict[], asked: Asked): Group[];
  parts(answer: Answer): AnswerPart[];
  around(lon: number, lat: number): Around[];
  overPlaces(numbers: number[], spoken: number[][], asked: Asked, spot: ISpot): Verdict;
  placesNear(spot: ISpot, place: string): string[];
  unpaintable(tree: Tree, facts: Stateds): string;
}
interface Inside { side: Side; label?: string; untold?: string }
interface ISpot {
  clauses: IClauses; data: ClickData; lon: number; lat: number; margin: number; reaches: Record<number, number>; nearests: Record<string, Nullable<Labelled>>;
  ring(): LatLon[];
  layer(set: number): ClickLayer;
  ground(set: number): IGround;
  reach(layer: ClickLayer): Nullable<number>;
  nearest(set: number, state: number): Nullable<Labelled>;
  near(tree: NearTree, hit: Side): Outcome;
  sideInside(tree: InsideTree, lon: number, lat: number, reach: Nullable<number>): Inside;
  inside(tree: InsideTree): Outcome;
  run(tree: Tree, facts: Stateds): Outcome;
}

// ---- zones ----

type Pen = CanvasRenderingContext2D;
interface Sides { met: Pen; not_met: Pen }
interface ZoneEntry { number: number; record: TestedRecord; open: boolean }
interface Zone { rule: string; cite: number; entries: ZoneEntry[]; why: string; order: number; verdict: string; example: boolean }
interface TileAt { x: number; y: number; z: number }
interface ISheet {
  clauses: IClauses; world: number; left: number; top: number; metre: number;
  x(lon: number): number;
  y(lat: number): number;
  box(pad: number): [number, number, number, number];
  blank(): Pen;
  full(): Pen;
  copy(ctx: Pen): Pen;
  trace(ctx: Pen, ground: IGround, i: number): void;
  shapes(ground: IGround, set: Nullable<number>, metres: number, wanted: (state: number) => boolean): Pen;
  dot(ctx: Pen, lon: number, lat: number, radius: number, rough: boolean): void;
  cleared(layer: ClickLayer, metres: number): Pen;
  sides(tree: Tree, facts: Stateds): Sides;
  cell(numbers: number[]): Pen;
  clause(entries: ZoneEntry[], facts: Stateds): { touched: Pen; open: Pen };
}
interface ZoneLayer extends L.GridLayer { zones: IZones; initialize(zones: IZones): void; createTile(coords: L.Coords, done: TileDone): HTMLCanvasElement }
interface IZones {
  ask: IAsk; page: IPage; chosen: Record<string, boolean>; box: HTMLElement; layer: ZoneLayer; isOpen: boolean; shown: Zone[];
  clauses(): Zone[];
  draw(): void;
  line(zone: Zone): HTMLElement;
  hatchLine(text: string): HTMLElement;
  update(): void;
  painted(): Zone[];
  caption(): string;
  show(): void;
  paint(ctx: Pen, coords: TileAt): void;
  where(zone: Zone, coords: TileAt): { touched: Pen; open: Pen };
}
interface IAsk {
  page: IPage; data: ClickData; compiled?: IClauses; box: HTMLElement; button: HTMLElement; asked: Asked; answer: Nullable<Answer>; drawn: L.FeatureGroup; zones: IZones; warming?: number;
  clauses(): IClauses;
  open(on: boolean): void;
  warm(): void;
  fill(): void;
  fillFacts(labels: Words): void;
  nameTrades(): void;
  goTyped(): void;
  at(lon: number, lat: number): void;
  again(): void;
  say(key: string, values?: Values): string;
  badge(verdict: string, example?: boolean, unmet?: boolean): string;
  isUnmet(clause: Verdict): boolean;
  draw(): void;
  drawAnswer(box: HTMLElement, answer: Answer): void;
  counts(parts: AnswerPart[]): string;
  pixel(lat: number): string;
  part(part: AnswerPart): HTMLElement;
  settles(group: Group): string;
  drawAround(box: HTMLElement, answer: Answer): void;
  towards(from: Answer, to: Around): string;
  clause(clause: Verdict, isOpen: boolean): HTMLElement;
  sentences(clause: Verdict, cited: Citation, language: Language): string[];
  dataOf(clause: Verdict): string;
  fact(item: HTMLElement, fact: Measured): void;
  law(box: HTMLElement, clause: Verdict, cited: Citation): void;
  drawLeftOut(box: HTMLElement): void;
  mark(): void;
  fragment(): string;
  recall(text: string): void;
  translate(): void;
}

// ---- tables ----

type Cell = string | number | null | undefined;
/** Title, what a row says, and how it is shown. */
type Column<R> = [string, { says(row: R): Cell }["says"], string?];
interface FindingRow { source: AnyRow; finding: Finding; law: Law }
interface NamedRow { id: string; name: string; township?: string; county?: string; verdict: string; findings: number[]; at?: undefined }
interface ReceptorRow { source: AnyRow | NamedRow; metres: number; parcels: Nullable<number>; exact: boolean }
type DockRow = AnyRow | FindingRow | ReceptorRow | Statistic;
interface Content { head: string[]; rows: (string | number)[][]; notes: string[] }
interface IDock {
  page: IPage; box: Nullable<HTMLElement>; body: HTMLElement; tab: string; tabs: [string, string][]; sort: { column: number; down: boolean }; shown: number; leftOut: number;
  start(): void;
  isOpen(): boolean;
  toggle(tab: string): void;
  close(): void;
  open(tab: string): void;
  mark(): void;
  drawTabs(): void;
  sourceColumns(): Column<AnyRow>[];
  findingColumns(): Column<FindingRow>[];
  townshipColumns(): Column<Statistic>[];
  columns(): Column<DockRow>[];
  rows(): DockRow[];
  sorted(): DockRow[];
  isFloor(column: Column<DockRow>, row: DockRow): boolean;
  cellText(column: Column<DockRow>, row: DockRow): string;
  content(): Content;
  headCell(column: Column<DockRow>, index: number): HTMLElement;
  bodyRow(columns: Column<DockRow>[], row: DockRow): HTMLElement;
  goOf(row: DockRow): Nullable<() => void>;
  draw(): void;
}
interface IReceptors {
  page: IPage; parcel: Nullable<ReceptorRecord>; township: string; town: Pick<Town, "name" | "parcels" | "reached">; found: ReceptorRow[]; select: HTMLSelectElement;
  columns(): Column<ReceptorRow>[];
  rows(): ReceptorRow[];
  placed(): Source[];
  ranked(rings: LatLon[][]): ReceptorRow[];
  chooseParcel(record: ReceptorRecord, rings: LatLon[][]): void;
  chooseTownship(name: string): void;
  head(box: HTMLElement): void;
}

// ---- the page ----

interface IPage {
  map: L.Map; data: PageData; sources: Record<string, SourceMark>; parcels: Record<string, ParcelLayer>;
  lands: (Drawn & { weight: number })[]; stack: L.Layer[]; calm: boolean; dock: IDock; receptors: IReceptors; lots: Lot[]; lights: Lot[];
  radius: Nullable<number>; choices: Choice[]; rules: Words; svg: L.Layer; selected: L.FeatureGroup; chosen: Nullable<Source>; searched: Nullable<IStore>;
  branches: Branch[]; context: ContextChoice[]; groups: Record<string, L.FeatureGroup>; codes?: string[]; lines: Nullable<L.FeatureGroup>;
  tree: Nullable<L.Control>; zoomer?: L.Control; credits: HTMLDetailsElement; pictureCredits: string; more?: number; markRadius?: number;
  everyRow?: AnyRow[]; parcelTownship?: string; ring: Nullable<L.Layer>; ask?: IAsk; measuring?: Nullable<{ add(event: L.Event): void; end(): void }>; measured?: L.FeatureGroup;
  remembering?: number; recalling?: boolean; toasting?: number; fragment?: string; sheet?: { paper: string; scale: number };
  before?: { center: L.LatLng; zoom: number; snap: number; bounds: L.LatLngBounds; open: boolean };
  // hmgeo.js
  keep<T extends L.Layer>(group: T, on: boolean): T;
  restack(): void;
  adaptToZoom(): void;
  searchLine(source: Source, weight?: number): Nullable<L.Layer>;
  outline(source: Source, outline: Geometry): L.Layer;
  treeWidth(): number;
  popup(at: L.Place, content: HTMLElement): void;
  fly(at: L.Place, zoom: number, then: () => void): void;
  ensure(group: L.Layer): void;
  openSource(source: Source): void;
  goToSource(source: Source): void;
  openParcel(layer: ParcelLayer, at: L.LatLng): void;
  showReceptor(record: ReceptorRecord, kind: string, at: L.LatLng, rings: LatLon[][]): void;
  openPacked(lot: Lot, index: number, at?: L.LatLng): void;
  goToPacked(lot: Lot, index: number): void;
  packedAt(at: L.LatLng): Nullable<{ lot: Lot; index: number }>;
  goToParcel(layer: ParcelLayer): void;
  goToNearest(source: Source): void;
  drawVisits(): void;
  goToRow(id: string): void;
  addContext(): void;
  addReceptors(layer: ReceptorData, store: Nullable<IStore>): void;
  standIn(drawn: PackedLayer, index: number): L.Layer;
  addPacked(layer: ReceptorData, store: IStore, styles: Record<string, Look>): Record<string, L.Layer>;
  addSearchLines(): void;
  addSources(): void;
  isNarrow(): boolean;
  addChoices(): void;
  addTree(): void;
  addControls(): void;
  addSearch(): void;
  goToPlace(at: L.LatLng): void;
  addPanels(): void;
  foldNarrow(): void;
  resized(): void;
  begin(stores: Nullable<IStore>[]): void;
  whenDrawn(then: () => void): void;
  // hmgeo-steep.js, hmgeo-ask.js
  addSteep(layer: ReceptorData, store: Nullable<IStore>): void;
  steepTiles(layer: ReceptorData, store: IStore): PackedLayer;
  addAsk(): void;
  // hmgeo-filter.js
  verdictWord(code: string): string;
  statusWord(code: string): string;
  radiusWord(): string;
  factOf(facts: Fact[], key: string): string;
  allRows(): AnyRow[];
  rowOf(id: string): AnyRow | NamedRow;
  tally(row: AnyRow): Record<string, number>;
  passes(row: AnyRow): boolean;
  isFiltered(): boolean;
  fillFilters(): void;
  filterFields(): { name: string; select: HTMLSelectElement }[];
  parcelYears(): string[];
  addFilters(): void;
  applyFilter(): void;
  filterParcels(): void;
  parcelTownships(): string[];
  countLegend(): void;
  setRadius(index: number): void;
  sayRadius(): void;
  drawRadius(): void;
  eachParcel(visit: (record: Pick<ReceptorRecord, "township" | "sources">, rings: () => LatLon[][]) => void): void;
  // hmgeo-tools.js
  fileName(what: string): string;
  addTools(): void;
  measure(on: boolean): void;
  startMeasure(): void;
  lengthWord(metres: number): string;
  remember(): void;
  recall(): void;
  find(fragment: string): void;
  copyLink(): void;
  toast(text: string): void;
  speak(language: Language): void;
  // hmgeo-paper.js
  addPaper(): void;
  toPaper(on: boolean): void;
  drawAtOnce(ratio: number): void;
  scaleBar(pixels: number): ScaleBar;
  drawBar(scale: number): void;
  savePicture(): void;
  picture(ratio: number, then: (canvas: HTMLCanvasElement) => void): void;
  isOff(line: Element): boolean;
  drawLegend(ctx: Pen, x: number, top: number, bottom: number, width: number): void;
  frameOf(ctx: Pen, frame: DOMRect, head: number, words: string[]): void;
  footWords(ctx: Pen, width: number): string[];
}

interface Hmgeo {
  page: IPage;
  el<K extends keyof HTMLElementTagNameMap>(tag: K, className?: string, text?: string | number | null): HTMLElementTagNameMap[K];
  svg(tag: string, attributes: Record<string, string | number>, parent?: Element): SVGElement;
  escape(text: string): string;
  say(text: string, values: Values): string;
  distance(metres: number): string;
  distanceWord(metres: number): string;
  badge(text: string, look: VerdictLook): HTMLElement;
  area(hectares: number): string;
  text(node: Nullable<Node>): string;
  all(box: ParentNode, selector: string): NodeListOf<HTMLElement>;
  pen(canvas: HTMLCanvasElement): Pen;
  decoded(text: string): string;
  geodesic(from: { lat: number; lng: number }, to: { lat: number; lng: number }): number;
  ringArea(ring: L.LatLng[]): number;
  metresPerDegree(lat: number): { lon: number; lat: number };
  circleAround(at: LatLon, metres: number): LatLon[];
  aboutFar(at: LatLon, rings: LatLon[][]): number;
  parsePlace(text: string): Nullable<L.LatLng>;
  bytesOf(base64: string): Uint8Array;
  PackedStore: Maker<[PackedMeta], IStore>;
  PackedLayer: Maker<[IStore, Nullable<Look>[], object?], PackedLayer>;
  chunk(id: string): Element;
  unpack(metas: Nullable<PackedMeta>[], progress: (share: number) => void, then: (stores: Nullable<IStore>[]) => void): void;
  Ground: Maker<[string, number], IGround>;
  factSide(tree: FactTree, facts: Stateds): Nullable<Side>;
  Clauses: Maker<[ClickData, IGround[]], IClauses>;
  pathStyle(look: Look, extra?: object): object;
  label(at: LatLon, text: string, role: string, en?: string): L.Layer;
  contextLayer(layer: ContextData, data: PageData, open: (at: L.LatLng, layer: ContextData, record: ContextRecord) => void): L.FeatureGroup;
  declutter(map: L.Map): void;
  receptorGroups(layer: ReceptorData, styles: Record<string, Look>, parcels: Record<string, ParcelLayer>, open: (drawn: ParcelLayer, at: L.LatLng) => void): Record<string, Drawn>;
  townshipCircle(sum: TownshipSum, styles: Record<string, Look>, open: () => void): L.Layer;
  sourceMark(source: Source, data: PageData, renderer: L.Layer, open: (source: Source) => void): SourceMark;
  placeName(labels: Words, of: { approximate?: boolean }, name: string): string;
  spoken(data: PageData, source: Source): string;
  inLanguage(data: PageData, zh: string, en?: string): string;
  classWord(data: PageData, word: string): string;
  sourcePopup(source: Source, data: PageData, toNearest: Nullable<() => void>): HTMLElement;
  factsPopup(layer: ContextData, record: ContextRecord, data: PageData): HTMLElement;
  parcelPopup(record: ReceptorRecord, kind: string, data: PageData, toSource: Nullable<() => void>, whoReaches: Nullable<() => void>): HTMLElement;
  townshipPopup(sum: TownshipSum, data: PageData): HTMLElement;
  entries(data: PageData, parcels: Record<string, ParcelLayer>, go: Visitors): Entry[];
  search(entries: Entry[], data: PageData, places: (text: string) => Found[], lots: (wanted: string, most: number) => Found[]): void;
  save(parts: BlobPart[], type: string, name: string): void;
  csv(content: Content): string;
  saveCsv(content: Content, name: string): void;
  xlsx(content: Content): Uint8Array<ArrayBuffer>;
  saveXlsx(content: Content, name: string): void;
  Dock: Maker<[IPage], IDock>;
  Receptors: Maker<[IPage], IReceptors>;
  Page: Maker<[L.Map, PageData], IPage>;
  Zones: Maker<[IAsk], IZones>;
  ringsOf(layer: ParcelLayer): LatLon[][];
  zoomOfScale(scale: number, lat: number): number;
  scaleOfZoom(zoom: number, lat: number): number;
  start(map: L.Map): void;
}
