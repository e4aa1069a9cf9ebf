export { type Closed, type Conflict, type Events, KeckProvider, type Options, type Persistence, type Status } from './provider.js'
export { type LeftOver, Memory, type Path, reapply } from './reapply.js'
export { browserStore, type Replaced, type ReplacedStore } from './store.js'
export { beyond, ofUpdates, type Ranges, type Unsaved } from './unsaved.js'
