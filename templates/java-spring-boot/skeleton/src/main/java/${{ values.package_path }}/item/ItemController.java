package ${{ values.package }}.item;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.UUID;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriComponentsBuilder;

/** The paths under {@code /v1/items} of {@code api/openapi.yaml}. */
@RestController
@RequestMapping("/v1/items")
class ItemController {

    private final ItemService items;

    ItemController(ItemService items) {
        this.items = items;
    }

    @GetMapping
    List<Item> list(@RequestParam(defaultValue = "20") @Min(1) @Max(100) int limit) {
        return items.newest(limit);
    }

    @PostMapping
    ResponseEntity<Item> create(@Valid @RequestBody NewItem request, UriComponentsBuilder uri) {
        var item = items.create(request);
        return ResponseEntity.created(uri.path("/v1/items/{id}").build(item.id())).body(item);
    }

    @GetMapping("/{id}")
    Item get(@PathVariable UUID id) {
        return items.get(id);
    }
}
