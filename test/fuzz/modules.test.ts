import { fuzz } from './fuzz';
import { cap } from './targets/cap-limits';
import { inspect } from './targets/inspect';
import { parse } from './targets/parse';

fuzz([parse, cap, inspect]);
