/*
 * Numbers of 64 bits that lie at multiples of 4 bytes only, as a device or another machine has them. Of machines of
 * 32 bits i386 puts them there by itself, arm and others do not.
 */
struct record {
  unsigned int first;
  unsigned long long second;
  unsigned char third;
} __attribute__((packed, aligned(4)));
struct holds_records {
  unsigned int before;
  struct record records[3];
  unsigned long word;
};
union record_or_bytes {
  unsigned long long number;
  unsigned char bytes[12];
} __attribute__((packed, aligned(4)));

int use_records(struct holds_records *given) { return !given; }
int use_bytes(union record_or_bytes *given) { return !given; }
