import { fuzz } from './fuzz';
import { yomoFrames, yomoMetadata, yomoPackets, yomoStream } from './targets/yomo';
import { yomoV2Exchange, yomoV2Heads, yomoV2Stream } from './targets/yomo-v2';

fuzz([yomoPackets, yomoFrames, yomoStream, yomoMetadata, yomoV2Stream, yomoV2Heads, yomoV2Exchange]);
