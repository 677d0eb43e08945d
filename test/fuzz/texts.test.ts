import { fuzz } from './fuzz';
import { declarations } from './targets/declarations';
import { identification } from './targets/identify';
import { jsonText } from './targets/json-text';
import { signature } from './targets/signature';

fuzz([identification, declarations, signature, jsonText]);
