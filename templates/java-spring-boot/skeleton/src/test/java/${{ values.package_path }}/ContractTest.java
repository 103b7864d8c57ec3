package ${{ values.package }};

import static org.assertj.core.api.Assertions.assertThat;

import ${{ values.package }}.item.ItemService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import org.yaml.snakeyaml.Yaml;

/** The code offers what {@code api/openapi.yaml} promises, and nothing beyond it. */
@WebMvcTest
class ContractTest {

    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

    @Autowired
    @Qualifier("requestMappingHandlerMapping")
    private RequestMappingHandlerMapping mappings;

    @MockitoBean
    private ItemService items;

    @Test
    void operationsAreThoseOfTheContract() throws IOException {
        assertThat(offered()).isEqualTo(promised());
    }

    private Set<String> offered() {
        return mappings.getHandlerMethods().keySet().stream()
                .flatMap(mapping -> mapping.getMethodsCondition().getMethods().stream()
                        .flatMap(method -> mapping.getPatternValues().stream().map(path -> method + " " + path)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> promised() throws IOException {
        Map<String, Map<String, Map<String, Object>>> contract =
                new Yaml().load(Files.readString(Path.of("api/openapi.yaml")));
        return contract.get("paths").entrySet().stream()
                .flatMap(path -> path.getValue().keySet().stream()
                        .filter(METHODS::contains)
                        .map(method -> method.toUpperCase(Locale.ROOT) + " " + path.getKey()))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
