import { fuzz } from './fuzz';
import { yomoFrames, yomoMetadata, yomoPackets, yomoStream } from './targets/yomo';

fuzz([yomoPackets, yomoFrames, yomoStream, yomoMetadata]);
