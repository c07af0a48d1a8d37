"""A scheduler that behaves as vLLM's does, as far as the mixin sees it."""

import random

from services.llm.vllm_plugin.scheduling import AgentScheduling

BLOCK = 4


class Block:
    def __init__(self, number):
        self.block_id = number
        self.ref_cnt = 0
        self.block_hash = None
        self.is_null = False


class Pool:
    """Reference counts and an LRU of free blocks."""

    def __init__(self, blocks):
        self.free = [Block(number) for number in range(blocks)]
        self.hashes = {}
        # vLLM counts the null block, too.
        self.num_gpu_blocks = blocks + 1

    def get_num_free_blocks(self):
        return len(self.free)

    def touch(self, blocks):
        for block in blocks:
            if block.ref_cnt == 0:
                self.free.remove(block)
            block.ref_cnt += 1

    def free_blocks(self, blocks):
        for block in blocks:
            assert block.ref_cnt > 0
            block.ref_cnt -= 1
            if block.ref_cnt == 0:
                self.free.insert(len(self.free) if block.block_hash else 0, block)

    def new(self, count):
        taken = [self.free.pop(0) for _ in range(count)]
        for block in taken:
            self.hashes.pop(block.block_hash, None)
            block.block_hash, block.ref_cnt = None, 1
        return taken


class Found:
    def __init__(self, blocks):
        self.blocks = (blocks,)


class Manager:
    def __init__(self, blocks):
        self.block_pool = Pool(blocks)
        self.held = {}

    def get_blocks(self, request_id):
        return Found(self.held.get(request_id, []))

    def computed(self, request):
        found = []
        for end in range(BLOCK, request.num_tokens, BLOCK):
            block = self.block_pool.hashes.get(tuple(request.tokens[:end]))
            if block is None:
                break
            found.append(block)
        return Found(found)

    def allocate_slots(self, request, new_computed_blocks=None):
        found = new_computed_blocks.blocks[0] if new_computed_blocks else []
        wanted = -(-request.num_tokens // BLOCK) - len(found)
        idle = sum(block.ref_cnt == 0 for block in found)
        if wanted + idle > len(self.block_pool.free):
            return None
        self.block_pool.touch(found)
        blocks = found + self.block_pool.new(wanted)
        for index, block in enumerate(blocks):
            end = BLOCK * (index + 1)
            if end <= request.num_tokens and block.block_hash is None:
                block.block_hash = tuple(request.tokens[:end])
                self.block_pool.hashes.setdefault(block.block_hash, block)
        self.held[request.request_id] = blocks
        return Found(blocks)

    def pop_blocks_for_free(self, request):
        return self.held.pop(request.request_id, [])

    def free(self, request):
        self.block_pool.free_blocks(reversed(self.pop_blocks_for_free(request)))


class Queue:
    """First come, first served."""

    def __init__(self):
        self.requests = []

    def __len__(self):
        return len(self.requests)

    def add_request(self, request):
        self.requests.append(request)

    def peek_request(self):
        return self.requests[0]

    def pop_request(self):
        return self.requests.pop(0)

    def remove_request(self, request):
        self.requests.remove(request)


class Status:
    def __init__(self, name):
        self.name = name


class Parameters:
    def __init__(self, extra):
        self.extra_args = extra


class Request:
    def __init__(self, number, tokens, extra, priority=0):
        self.request_id = f"r{number}"
        self.tokens = tokens
        self.num_tokens = self.num_prompt_tokens = len(tokens)
        self.num_output_tokens = 1
        self.session_id = None
        self.priority = priority
        self.arrival_time = float(number)
        self.status = Status("WAITING")
        self.sampling_params = Parameters(extra)

    def is_finished(self):
        return self.status.name.startswith("FINISHED")


class Output:
    def __init__(self, new):
        self.scheduled_new_reqs = new
        self.num_scheduled_tokens = {}
        self.scheduled_cached_reqs = type("Cached", (), {"resumed_req_ids": set()})


class New:
    def __init__(self, req_id, cached):
        self.req_id = req_id
        self.num_computed_tokens = cached


class Base:
    """vLLM's scheduler, as far as the mixin sees it."""

    def __init__(self, blocks):
        self.kv_cache_manager = Manager(blocks)
        self.block_size = BLOCK
        self.requests = {}
        self.waiting = Queue()
        self.running = []

    def add_request(self, request):
        self.requests[request.request_id] = request
        self.waiting.add_request(request)

    def schedule(self):
        new = []
        while self.waiting:
            request = self.waiting.peek_request()
            found = self.kv_cache_manager.computed(request)
            if self.kv_cache_manager.allocate_slots(request, new_computed_blocks=found) is None:
                break
            self.waiting.pop_request()
            request.status = Status("RUNNING")
            self.running.append(request)
            new.append(New(request.request_id, BLOCK * len(found.blocks[0])))
        return Output(new)

    def finish(self, request, status="FINISHED_STOPPED"):
        if request in self.running:
            self.running.remove(request)
        else:
            self.waiting.remove_request(request)
        request.status = Status(status)
        self._free_request_blocks(request)
        del self.requests[request.request_id]

    def _free_request_blocks(self, request):
        self.kv_cache_manager.free(request)

    def _request_blocks_can_be_freed(self, request):
        return True

    def reset_prefix_cache(self):
        return True

    def shutdown(self):
        pass


class Scheduler(AgentScheduling, Base):
    pass


def tokens(seed, length):
    return [random.Random(seed).randrange(1000) for _ in range(length)]


def ask(scheduler, number, words, program=None, **extra):
    told = {"program": program, "tool": "look", "expected_tool_seconds": 5.0, **extra}
    request = Request(number, words, told if program else {})
    scheduler.add_request(request)
    (new,) = scheduler.schedule().scheduled_new_reqs
    scheduler.finish(request)
    return new.num_computed_tokens
