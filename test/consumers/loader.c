/* Loads program.bpf.o as programs of libbpf do, and tells whether the kernel has taken it. */
#include <bpf/libbpf.h>
#include <stdio.h>

int main(void)
{
	struct bpf_object *object = bpf_object__open_file("program.bpf.o", NULL);

	if (!object || bpf_object__load(object)) {
		puts("not loaded");
		return 1;
	}
	puts("loaded");
	bpf_object__close(object);
	return 0;
}
