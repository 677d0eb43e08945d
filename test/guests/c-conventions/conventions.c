// One function for each way a result comes back, over an allocator that counts what is taken.
typedef unsigned char byte;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static byte heap[65536];
static u32 used;
static int taken;

EXPORT("malloc") byte *take(u32 size) {
  u32 start = used;
  if (size > sizeof heap - start) return 0;
  used = (start + size + 7) & ~7u;
  taken++;
  return heap + start;
}

// Starts again at the bottom once everything is back.
EXPORT("free") void give_back(byte *pointer) {
  if (pointer < heap || pointer >= heap + sizeof heap) __builtin_trap();
  if (--taken < 0) __builtin_trap();
  if (taken == 0) used = 0;
}

EXPORT("outstanding") int outstanding(void) { return taken; }

static byte *upper(const byte *input, u32 length, byte *output) {
  for (u32 i = 0; i < length; i++) output[i] = input[i] >= 'a' && input[i] <= 'z' ? input[i] - 32 : input[i];
  return output;
}

static u32 address(const void *pointer) { return (u32)pointer; }

EXPORT("packed") u64 packed(const byte *input, u32 length) {
  return (u64)address(upper(input, length, take(length))) << 32 | length;
}

EXPORT("packed_low") u64 packed_low(const byte *input, u32 length) {
  return (u64)length << 32 | address(upper(input, length, take(length)));
}

struct slice {
  byte *data;
  u32 length;
};

EXPORT("out_pointer") void out_pointer(struct slice *out, const byte *input, u32 length) {
  out->data = upper(input, length, take(length));
  out->length = length;
}

EXPORT("cstring") byte *cstring(const byte *input, u32 length) {
  byte *output = take(length + 1);
  upper(input, length, output)[length] = 0;
  return output;
}

EXPORT("cstring_in") byte *cstring_in(const byte *input) {
  u32 length = 0;
  while (input[length] != 0) length++;
  return cstring(input, length);
}

EXPORT("length_of") u32 length_of(const byte *input) {
  u32 length = 0;
  while (input[length] != 0) length++;
  return length;
}

// A constant: nothing to give back.
EXPORT("name") const char *name(void) { return "conventions"; }

EXPORT("length_prefixed") byte *length_prefixed(const byte *input, u32 length) {
  byte *output = take(length + 4);
  *(u32 *)output = length;
  upper(input, length, output + 4);
  return output;
}

EXPORT("length_prefixed_in") byte *length_prefixed_in(const byte *input) {
  return length_prefixed(input + 4, *(const u32 *)input);
}

// Leaves out what is no letter.
EXPORT("in_place") int in_place(byte *input, u32 length) {
  int kept = 0;
  for (u32 i = 0; i < length; i++)
    if ((input[i] | 32) >= 'a' && (input[i] | 32) <= 'z') input[kept++] = input[i];
  return kept;
}

EXPORT("sum") u32 sum(const byte *input, u32 length) {
  u32 total = 0;
  for (u32 i = 0; i < length; i++) total += input[i];
  return total;
}

// Text, then a number: the first `count` bytes. The result lies in the argument.
EXPORT("prefix") u64 prefix(const byte *input, u32 length, u32 count) {
  return (u64)address(input) << 32 | (count < length ? count : length);
}
