import { fuzz } from './fuzz';
import { callBoard } from './targets/call-board';
import { payloads } from './targets/payloads';

fuzz([payloads, callBoard]);
