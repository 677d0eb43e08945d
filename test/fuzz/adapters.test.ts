import { fuzz } from './fuzz';
import { assemblyscript, bindgen, byteGuests, numeric } from './targets/adapters';

fuzz([numeric, byteGuests, bindgen, assemblyscript]);
